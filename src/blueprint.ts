import type { BlueprintOptions } from "./decorators";
import { SetupError } from "./errors";
import type { Registration } from "./registration";
import { Scaffold } from "./scaffold";

/** Where a blueprint or a controller is registered; each takes the place of what it says itself. */
export interface RegisterOptions extends BlueprintOptions {
  /** The name that its endpoints begin with. */
  readonly name?: string;
}

/** Groups controllers, routes, hooks and other blueprints under one name and prefix, until an app registers it. */
export class Blueprint extends Scaffold {
  readonly #options: BlueprintOptions;
  readonly #steps: ((registration: Registration) => void)[] = [];
  #isRegistered = false;

  /**
   * @param name The name that its endpoints begin with.
   * @param options The prefix and the folders.
   */
  constructor(
    readonly name: string,
    options: BlueprintOptions = {},
  ) {
    super();
    this.#options = options;
  }

  /**
   * Adds a controller, an instance of one, or another blueprint.
   *
   * @param target What is added.
   * @param options Its prefix and name, in place of its own.
   * @throws {SetupError} If the blueprint is to be its own part.
   */
  register(target: object, options: RegisterOptions = {}): void {
    if (target === this) {
      throw new SetupError(`The blueprint '${this.name}' cannot be registered on itself.`);
    }
    this.setUp("register", (registration) => registerOn(registration, target, options));
  }

  /** Does all steps for one registration. Called by the app. */
  apply(parent: Registration, options: RegisterOptions): void {
    this.#isRegistered = true;
    const child = parent.createChild(options.name ?? this.name, { ...this.#options, ...options });
    for (const step of this.#steps) {
      step(child);
    }
  }

  protected override setUp(method: string, step: (registration: Registration) => void): void {
    if (this.#isRegistered) {
      throw new SetupError(
        `The setup method '${method}' can no longer be called on the blueprint '${this.name}'. It is registered, so the change would not reach the app.\nSet the blueprint up before it is registered.`,
      );
    }
    this.#steps.push(step);
  }
}

/** Registers a controller, an instance of one, or a blueprint. */
export function registerOn(registration: Registration, target: object, options: RegisterOptions): void {
  if (target instanceof Blueprint) {
    target.apply(registration, options);
  } else {
    registration.addController(target, options);
  }
}
