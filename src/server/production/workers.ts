import cluster, { type Worker } from "node:cluster";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../../base/logging";
import { handoverMessage, replacedMessage } from "./handover";
import { PassedConnections } from "./passed-connections";
import { onListening, type SharedSocket } from "./shared-socket";

/** Milliseconds until an ended worker is replaced: at first, at most, and at most while no worker takes connections. */
const firstDelay = 100;
const longestDelay = 10_000;
const longestPause = 1000;
/** Milliseconds after which a worker counts as healthy, so that earlier ends are forgotten. */
const healthyAfter = 1000;
/** Milliseconds in which a new worker must listen. */
const startTime = 60_000;
/** Milliseconds that a worker has to end after its last request. */
const endTime = 2000;

/** The place of one worker, which is filled again when the worker ends. */
interface Place {
  worker: Worker | undefined;
  /** The worker that was started last for the place. An earlier one that listens later does not get the place. */
  newest: Worker | undefined;
  listensSince: number | undefined;
  delay: number;
  isReplacing: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** The workers of an app: starts them, fills their places again, and replaces them by a new version. */
export class Workers {
  readonly #logger: Logger;
  readonly #shutdownTimeout: number;
  readonly #socket: SharedSocket;
  readonly #places: Place[];
  /** The workers that were told to end. A second signal would cut off their requests. */
  readonly #ending = new WeakMap<Worker, Promise<void>>();
  readonly #passed = new PassedConnections((from) => this.#findHeir(from));
  #hasStarted = false;
  #isStopping = false;
  #round: Promise<void> | undefined;
  #isRoundWanted = false;

  /**
   * @param count The number of workers.
   * @param shutdownTimeout Seconds that a worker's requests in flight have to finish.
   * @param logger Logs starts and ends of workers.
   * @param socket The socket on which the workers take connections.
   */
  constructor(count: number, shutdownTimeout: number, logger: Logger, socket: SharedSocket) {
    // For an app's other servers in its workers: if the primary handed connections out, those on their way to a worker that
    // is killed would hang.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    this.#logger = logger;
    this.#shutdownTimeout = shutdownTimeout;
    this.#socket = socket;
    this.#places = Array.from({ length: count }, () => ({
      worker: undefined,
      newest: undefined,
      listensSince: undefined,
      delay: firstDelay,
      isReplacing: false,
      timer: undefined,
    }));
  }

  /**
   * Starts the first worker, and the others once it listens.
   *
   * @returns The address at which it listens, or `undefined` if it does not. An error that stops it would stop the others too.
   *   The worker has printed the error.
   */
  async start(): Promise<string | undefined> {
    const [first, ...others] = this.#places;
    const address = first === undefined ? undefined : await this.#fill(first);
    if (address === undefined) {
      return undefined;
    }
    this.#hasStarted = true;
    for (const place of others) {
      void this.#fill(place);
    }
    return address;
  }

  /**
   * Replaces the workers one by one: each old one begins to end when its new one listens.
   *
   * If a new version does not start, the round ends, and the old workers continue. Calls during a round cause one more
   * round after it.
   */
  replace(): void {
    this.#isRoundWanted = true;
    this.#round ??= this.#runRounds().finally(() => {
      this.#round = undefined;
    });
  }

  /** Stops all workers, and resolves when they have ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#passed.close();
    this.#socket.close();
    for (const { timer } of this.#places) {
      clearTimeout(timer);
    }
    await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => (worker === undefined ? undefined : this.#end(worker))));
  }

  async #runRounds(): Promise<void> {
    while (this.#isRoundWanted && !this.#isStopping) {
      this.#isRoundWanted = false;
      await this.#runRound();
    }
  }

  async #runRound(): Promise<void> {
    const ends: Promise<void>[] = [];
    if (await this.#fillAnew(ends)) {
      await Promise.all(ends);
      this.#logger.info("All workers have been replaced.");
    }
  }

  /**
   * Fills all places with new workers.
   *
   * @param ends Collects the ends of the old workers. The next place does not wait for them.
   * @returns Whether each new worker listens.
   */
  async #fillAnew(ends: Promise<void>[]): Promise<boolean> {
    for (const place of this.#places) {
      if (this.#isStopping) {
        return false;
      }
      const old = place.worker;
      place.isReplacing = true;
      clearTimeout(place.timer);
      const address = await this.#fill(place);
      place.isReplacing = false;
      if (this.#isStopping) {
        return false;
      }
      if (address === undefined) {
        this.#logger.error("The new version did not start, so the workers that serve stay. Fix it, and send SIGHUP again.");
        place.worker = old?.isDead() === false ? old : undefined;
        if (place.worker === undefined) {
          this.#fillLater(place, place.delay);
        }
        return false;
      }
      if (old !== undefined) {
        ends.push(this.#end(old));
      }
    }
    return true;
  }

  /** Starts a worker in a place, and resolves to the address at which it listens, or `undefined` if it does not. */
  #fill(place: Place): Promise<string | undefined> {
    const worker = this.#socket.fork();
    place.newest = worker;
    if (!place.isReplacing) {
      place.worker = worker;
      place.listensSince = undefined;
    }
    worker.on("message", (message: unknown, handle: unknown) => {
      if (message === handoverMessage) {
        this.#passed.pass(handle, worker);
      }
    });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#logger.error(`The worker ${worker.process.pid} did not listen within ${startTime / 1000} s.`);
        worker.process.kill("SIGKILL");
      }, startTime);
      onListening(worker, (address) => {
        clearTimeout(timer);
        if (place.newest === worker) {
          place.worker = worker;
        }
        if (place.worker === worker) {
          place.listensSince = performance.now();
        }
        this.#passed.passHeld();
        this.#logger.info(`The worker ${worker.process.pid} listens.`);
        resolve(address);
      });
      worker.once("exit", (code, signal) => {
        clearTimeout(timer);
        resolve(undefined);
        this.#passed.passFrom(worker);
        if (place.worker === worker) {
          place.worker = undefined;
          this.#onEnd(place, worker, signal ?? code);
        }
      });
    });
  }

  /** Finds the worker that has listened for the shortest time, to take the idle connections of one that ends. */
  #findHeir(from: Worker | undefined): Worker | undefined {
    const [heir] = this.#places
      .filter(
        ({ listensSince, worker }) =>
          listensSince !== undefined && worker?.isConnected() === true && worker !== from && !this.#ending.has(worker),
      )
      .sort((left, right) => (right.listensSince ?? 0) - (left.listensSince ?? 0));
    return heir?.worker;
  }

  /** Fills a place again whose worker has ended by itself. */
  #onEnd(place: Place, worker: Worker, reason: number | string): void {
    const wasHealthy = place.listensSince !== undefined && performance.now() - place.listensSince > healthyAfter;
    if (!this.#hasStarted || this.#isStopping || place.isReplacing) {
      return;
    }
    place.delay = wasHealthy ? firstDelay : place.delay;
    // Clients wait meanwhile if nobody else takes their connections.
    const isServed = this.#places.some(({ listensSince, worker: other }) => other !== undefined && listensSince !== undefined);
    const delay = isServed ? place.delay : Math.min(place.delay, longestPause);
    this.#logger.error(`The worker ${worker.process.pid} ended (${reason}); another one takes its place in ${delay} ms.`);
    this.#fillLater(place, delay);
    place.delay = Math.min(place.delay * 2, longestDelay);
  }

  #fillLater(place: Place, delay: number): void {
    place.timer = setTimeout(() => {
      if (!this.#isStopping && !place.isReplacing && place.worker === undefined) {
        void this.#fill(place);
      }
    }, delay);
  }

  /** Lets a worker finish its requests, and resolves when it has ended. */
  #end(worker: Worker): Promise<void> {
    const ending = this.#ending.get(worker) ?? this.#tellToEnd(worker);
    this.#ending.set(worker, ending);
    return ending;
  }

  async #tellToEnd(worker: Worker): Promise<void> {
    if (worker.isDead()) {
      return;
    }
    const gone = new Promise<boolean>((resolve) => worker.once("exit", () => resolve(true)));
    if (!this.#isStopping && worker.isConnected()) {
      worker.send(replacedMessage);
    }
    worker.process.kill("SIGTERM");
    const late = new AbortController();
    const time = wait(this.#shutdownTimeout * 1000 + endTime, false, { signal: late.signal }).catch(() => true);
    if (!(await Promise.race([gone, time]))) {
      worker.process.kill("SIGKILL");
    }
    late.abort();
  }
}
