import { FlagonError } from "../base/errors";
import { Markup, toHtml } from "../base/html";
import { ignoreRejection, isPromise, type MaybePromise } from "../base/maybe-promise";

/** The state of a running template. Each template of a rendering has one. */
export interface TemplateFrame {
  /** The values in scope by bare name. */
  readonly scope: object;
  /** The content of the blocks in templates that extend this one, by name. */
  readonly blocks: Record<string, Markup>;
  /** The layout that the template chose, if it did. */
  layout: { readonly name: string; readonly data: object | undefined } | undefined;
  /** The one block that is asked for, if it is not the page. */
  readonly wanted: WantedBlock | undefined;
  /** The number of blocks of the layout around the running code. */
  depth: number;
  /** Whether a part of the page was sent: a layout, or a block before the sent text, would come too late. */
  isSent: boolean;
  /** Renders another template in the same scope. */
  include(name: string, data?: object): Markup;
  /** Renders another template that may await. */
  includeAsync(name: string, data?: object): Promise<Markup>;
  /** Throws the error of the template with its place. */
  fail(error: unknown, line: number): never;
}

/** A block that is rendered by itself. */
export interface WantedBlock {
  readonly name: string;
  /** The names of the blocks that came before it. */
  readonly seen: Set<string>;
  /** The block, once it is there. */
  content: Markup | undefined;
}

/** Ends the rendering of a template once the wanted block is there. It is no error, and templates do not report it. */
export class BlockFound {}

/** Creates an empty collection of blocks, in which each name is free. */
export function noBlocks(): Record<string, Markup> {
  const blocks: Record<string, Markup> = Object.create(null);
  return blocks;
}

/** The text that a running template has printed. */
interface Output {
  /** The text. */
  res: string;
}

/** The content of a block or a capture: code between two tags, which may await. */
type Fill = () => unknown;

/** The text that a template has printed so far. It goes into the layout while the rest is still rendered. */
export class StreamedBody extends Markup {
  /** @param pieces The text, piece by piece. */
  constructor(readonly pieces: AsyncGenerator<string, void>) {
    super("");
  }

  /** Throws: a body that is still being rendered has no text yet. */
  override toString(): string {
    throw new FlagonError("The body of a streamed page can only be printed by a tag of its own, outside of functions: <%~ it.body %>.");
  }
}

/** The functions that the code of every template uses. */
export const runtime = {
  /** Escapes a value that is printed. */
  escape(value: unknown): string {
    return typeof value === "object" ? toHtml(refuseUnsettled(value)) : toHtml(value);
  },

  /**
   * Returns a value by bare name that is `undefined`.
   *
   * @throws {FlagonError} If the name is not in scope, but the data has it.
   */
  bare(frame: TemplateFrame, data: object, name: string): undefined {
    if (!(name in frame.scope) && Object.hasOwn(data, name)) {
      throw new FlagonError(`'${name}' is undefined. The data has it: write it.${name}.`);
    }
    return undefined;
  },

  /** Prints a value as it is. */
  raw(value: unknown): string {
    return value === null || value === undefined ? "" : String(refuseUnsettled(value));
  },

  /** Tells whether a value is a body that is still being rendered. */
  isStreamed(value: unknown): value is StreamedBody {
    return value instanceof StreamedBody;
  },

  /** Chooses the layout. */
  layout(frame: TemplateFrame, name: string, data: object | undefined): void {
    if (frame.isSent) {
      throw tooLate("The layout");
    }
    frame.layout = { name, data };
  },

  /** Returns the output of the code between two tags, instead of printing it. */
  capture(output: Output, fill: Fill): MaybePromise<Markup> {
    const before = output.res;
    const end = (): Markup => {
      const text = output.res;
      output.res = before;
      return new Markup(text);
    };
    output.res = "";
    let result: unknown;
    try {
      result = fill();
    } catch (error) {
      end();
      throw error;
    }
    return isPromise(result)
      ? result.then(end, (error: unknown) => {
          end();
          throw error;
        })
      : end();
  },

  /** Returns the output of the code between two tags, if it does not await. */
  captureNow(output: Output, fill: Fill = () => undefined): Markup {
    const content = runtime.capture(output, fill);
    if (isPromise(content)) {
      ignoreRejection(content);
      throw new FlagonError("A block that awaits cannot be rendered by itself. Fetch its data in the view.");
    }
    return content;
  },

  /** Fills a block of the layout; in the layout itself, prints the filling, or its own content. */
  block(output: Output, frame: TemplateFrame, name: string, fill: Fill | undefined): MaybePromise<Markup | string> {
    const { blocks, wanted } = frame;
    wanted?.seen.add(name);
    // A place without content, where nothing fills it, is an empty block.
    if (name === wanted?.name && (fill !== undefined || frame.layout === undefined)) {
      frame.depth++;
      wanted.content ??= runtime.captureNow(output, fill);
      throw new BlockFound();
    }
    // A block inside another one belongs to its text.
    const isPrinted = frame.layout === undefined || frame.depth > 0;
    if (Object.hasOwn(blocks, name)) {
      return isPrinted ? (blocks[name] ?? "") : "";
    }
    if (fill === undefined) {
      return "";
    }
    if (isPrinted) {
      return runtime.capture(output, fill);
    }
    if (frame.isSent) {
      throw tooLate(`The block '${name}'`);
    }
    const keep = (content: Markup): string => {
      frame.depth--;
      blocks[name] = content;
      return "";
    };
    frame.depth++;
    const content = runtime.capture(output, fill);
    return isPromise(content) ? content.then(keep) : keep(content);
  },
};

/** Refuses to print an object that has no text yet: a promise, or a page that is still being rendered. */
function refuseUnsettled(value: unknown): unknown {
  if (isPromise(value)) {
    ignoreRejection(value);
    throw new FlagonError(
      "A promise was printed. Await it: <%= await it.value %> in renderTemplateAsync(), or in the view before it renders.",
    );
  }
  return value instanceof StreamedBody ? value.toString() : value;
}

function tooLate(what: string): FlagonError {
  return new FlagonError(`${what} comes too late: a part of the page was sent already. Put it before the content of the template.`);
}
