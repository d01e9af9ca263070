import { FlagonError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import type { Markup } from "../base/html";
import { signals } from "../base/signals";
import { describeGiven } from "../base/unknown-options";
import { type AppContext, getAppContext } from "../dispatch/context";
import { createScope } from "../dispatch/template-scope";
import { FlagonResponse } from "../http/response/response";

/**
 * Renders a template.
 *
 * @param name Its name in the template folders, without `.eta`; of a list, the first that exists.
 * @param data The values of the template, under the name `it`.
 * @throws {TemplateNotFound} If no folder has it.
 * @throws {TemplateError} If it is malformed or fails.
 *
 * @example
 * ```ts
 * return renderTemplate("show", { post }); // templates/show.eta, which reads it.post
 * ```
 */
export function renderTemplate(name: string | readonly string[], data: object = {}): Markup {
  const context = getAppContext("renderTemplate");
  announce(context, name, data);
  const markup = context.app.templates.render(name, data, createScope(context));
  report(context, name, data);
  return markup;
}

/**
 * Renders a template given as text.
 *
 * @param source The template.
 * @param data The values, which the template reads as `it`.
 *
 * @example
 * ```ts
 * return renderTemplateString("<h1><%= it.title %></h1>", { title: "News" });
 * ```
 */
export function renderTemplateString(source: string, data: object = {}): Markup {
  const context = getAppContext("renderTemplateString");
  announce(context, null, data);
  const markup = context.app.templates.renderString(source, data, createScope(context));
  report(context, null, data);
  return markup;
}

/**
 * Returns one block of a template, for a script such as htmx that replaces a part of the page.
 *
 * The template runs up to the end of that block, so `data` needs only the values that it uses until there.
 *
 * @param name The template, without `.eta`.
 * @param block The name of the block, in the template or in its layout.
 * @param data The values of the template, under the name `it`.
 * @throws {TemplateNotFound} If no folder has the template.
 * @throws {TemplateError} If it has no such block, is malformed or fails.
 * @throws {FlagonError} If `block` is no text.
 *
 * @example
 * ```ts
 * return request.headers.has("hx-request") ? renderBlock("list", "rows", { posts }) : renderTemplate("list", { posts });
 * ```
 */
export function renderBlock(name: string, block: string, data: object = {}): Markup {
  const context = getAppContext("renderBlock");
  announce(context, name, data);
  refusePromise(block, "name of a block");
  if (typeof block !== "string") {
    throw new FlagonError(`renderBlock() needs the name of a block, a text, but got ${block === null ? "null" : typeof block}.`);
  }
  const markup = context.app.templates.renderBlock(name, block, data, createScope(context));
  report(context, name, data);
  return markup;
}

/**
 * Renders a template that awaits.
 *
 * @param name The name of the template, or several of which the first that exists is rendered.
 * @param data The values, which templates read as `it`.
 *
 * @example
 * ```ts
 * return renderTemplateAsync("list", { posts: db.select().from(posts) }); // <% for (const post of await it.posts) { %>
 * ```
 */
export async function renderTemplateAsync(name: string | readonly string[], data: object = {}): Promise<Markup> {
  const context = getAppContext("renderTemplateAsync");
  announce(context, name, data);
  const markup = await context.app.templates.renderAsync(name, data, createScope(context));
  report(context, name, data);
  return markup;
}

/**
 * Responds with a template that is sent while it renders: for long pages, and for those that await their data.
 *
 * A layout is sent as soon as the template has printed its first piece, so its blocks have to come before.
 *
 * @param name Its name; of a list, the first that exists.
 * @param data The values of the template, under the name `it`; it may await, and iterate by `for await`.
 * @throws {TemplateNotFound} If no folder has it.
 *
 * @example
 * ```ts
 * return streamTemplate("report", { rows: db.select().from(posts) }); // sends the text before <% for (const row of await it.rows) { %> at once
 * ```
 */
export function streamTemplate(name: string | readonly string[], data: object = {}): FlagonResponse {
  const context = getAppContext("streamTemplate");
  announce(context, name, data);
  const pieces = context.app.templates.stream(name, data, createScope(context));
  return respond(reporting(pieces, () => report(context, name, data)));
}

/**
 * Responds with a template given as text, which is sent while it renders.
 *
 * @param source The template.
 * @param data The values, which the template reads as `it`.
 *
 * @example
 * ```ts
 * return streamTemplateString("<h1>Report</h1><%= await it.total %>", { total: db.$count(posts) });
 * ```
 */
export function streamTemplateString(source: string, data: object = {}): FlagonResponse {
  const context = getAppContext("streamTemplateString");
  announce(context, null, data);
  const pieces = context.app.templates.streamString(source, data, createScope(context));
  return respond(reporting(pieces, () => report(context, null, data)));
}

/**
 * Names a template and the type of its data, so that the compiler checks the data.
 *
 * @example
 * ```ts
 * const showPage = template<{ post: Post }>("show");
 * return showPage({ post });
 * ```
 * @param name The name of the template.
 */
export function template<Data extends object>(name: string): (data: Data) => Markup {
  return (data) => renderTemplate(name, data);
}

function respond(pieces: AsyncIterable<string>): FlagonResponse {
  return new FlagonResponse(pieces, 200, { "content-type": "text/html; charset=utf-8" });
}

async function* reporting(pieces: AsyncIterable<string>, end: () => void): AsyncGenerator<string> {
  yield* pieces;
  end();
}

function announce({ app }: AppContext, template: string | readonly string[] | null, data: object): void {
  refusePromise(template, "name of a template");
  refusePromise(data, "data of a template");
  if (typeof data !== "object" || data === null) {
    throw new FlagonError(`The data of a template must be an object, such as { title }, but got ${describeGiven(data)}.`);
  }
  if (signals.templateRendering.hasSubscribers) {
    signals.templateRendering.publish({ app, template, data });
  }
}

function report({ app }: AppContext, template: string | readonly string[] | null, data: object): void {
  if (signals.templateRendered.hasSubscribers) {
    signals.templateRendered.publish({ app, template, data });
  }
}
