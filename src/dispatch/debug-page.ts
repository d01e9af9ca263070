import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { html, type Markup } from "../base/html";
import { findHint, findReason, isQueryError, readParameters } from "../base/query-errors";
import { isSecretName, maskSecrets, maskTarget, secretMask } from "../base/secret-names";
import { hostName, isLoopback } from "../http/loopback";
import type { RequestContext } from "./context";
import { formatStyleNonce } from "./style-nonce";

/** A frame of an error's stack. */
interface Frame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly isOwn: boolean;
}

const framePattern = /^\s*at (?:(.*?) \()?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):\d+\)?$/;
const linesAround = 4;
/** The most errors that are shown. */
const maxCauses = 20;

/** Tells whether a request may see the debug page: from this machine, to this machine by name, in debug mode. */
export function mayDebug({ app, request }: RequestContext): boolean {
  const name = hostName(request.host);
  return app.config.debug && isLoopback(request.remoteAddress) && (name === "" || isLoopback(name));
}

/** Renders a page that explains an error to the developer: the code, the calls and the request. Nothing is evaluated. */
export function renderDebugPage(context: RequestContext, error: Error): Markup {
  const errors = listCauses(error);
  const reason = findReason(error);
  const hint = findHint(error);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${reason.name}: ${firstLine(reason)}</title>
<style${formatStyleNonce(context)}>${style}</style>
</head>
<body>
<header>
<p>${context.request.method} ${maskTarget(context.request.target, context.request.viewArgs)}</p>
<h1>${reason.name}</h1>
<pre class="message">${reason.message}</pre>
${hint === undefined ? "" : html`<p>${hint}</p>`}
${errors.filter((one) => one !== reason).map((one) => html`<pre class="message">${one === error ? "" : "caused by "}${one.message}</pre>`)}
${isQueryError(error) && readParameters(error).length > 0 ? html`<pre class="message">params: ${inspect(readParameters(error), { depth: 2 })}</pre>` : ""}
</header>
<main>
${errors.map((one, index) => renderError(one, index, context.app.root))}
<section><h2>Request</h2>${renderRequest(context)}</section>
<section><details><summary>As text</summary><pre>${errors.map(({ stack }) => stack ?? "").join("\n\ncaused by ")}</pre></details></section>
</main>
</body>
</html>
`;
}

/** Describes an error as text for the developer: its reason, an advice, and the stacks of the error and of all its causes. */
export function describeInText(error: Error): string {
  const reason = findReason(error);
  const head = [...(reason === error ? [] : [`${reason.name}: ${reason.message}`]), findHint(error) ?? []].flat();
  const stacks = listCauses(error).map(({ message, name, stack }) => stack ?? `${name}: ${message}`);
  return [...head, stacks.join("\n\ncaused by ")].join("\n\n");
}

function firstLine({ message }: Error): string {
  return message.split("\n", 1)[0] ?? "";
}

/** Lists an error, its causes, and the errors inside of them. */
function listCauses(error: Error): Error[] {
  const causes: Error[] = [];
  const add = (one: unknown): void => {
    if (one instanceof Error && !causes.includes(one) && causes.length < maxCauses) {
      causes.push(one);
      add(one.cause);
      if (one instanceof AggregateError) {
        one.errors.forEach(add);
      }
    }
  };
  add(error);
  return causes;
}

function renderError(error: Error, index: number, root: string): Markup {
  const frames = parseFrames(error, root);
  const firstOwn = frames.find(({ isOwn }) => isOwn);
  const title = index === 0 ? html`<h2>Where</h2>` : html`<h2>Caused by ${error.name}</h2><pre class="message">${error.message}</pre>`;
  const groups = groupFrames(frames).map((group) =>
    group[0]?.isOwn === true
      ? group.map((frame) => renderFrame(frame, root, frame === firstOwn))
      : html`<details class="frame"><summary class="name">${group.length} ${group.length === 1 ? "place" : "places"} outside of the app's code</summary>${group.map((frame) => renderFrame(frame, root, false))}</details>`,
  );
  return html`<section>${title}${groups.length === 0 ? html`<p>The error has no stack.</p>` : groups}</section>`;
}

/** Groups neighbouring frames: frames of the app's own code, and frames of other code. */
function groupFrames(frames: readonly Frame[]): Frame[][] {
  const groups: Frame[][] = [];
  for (const frame of frames) {
    const last = groups.at(-1);
    if (last?.[0]?.isOwn === frame.isOwn) {
      last.push(frame);
    } else {
      groups.push([frame]);
    }
  }
  return groups;
}

function parseFrames({ stack = "" }: Error, root: string): Frame[] {
  return stack.split("\n").flatMap((text) => {
    const [, name = "", path = "", line = ""] = framePattern.exec(text) ?? [];
    if (path === "" || path.includes("<anonymous>")) {
      return [];
    }
    const file = path.startsWith("file://") ? fileURLToPath(path) : path;
    return [{ name, file, line: Number(line), isOwn: file.startsWith(root + sep) && !file.includes(`${sep}node_modules${sep}`) }];
  });
}

/** The app's own frames show their code, and the first of them is open; all others are one line. */
function renderFrame({ file, isOwn, line, name }: Frame, root: string, isOpen: boolean): Markup {
  const place = html`<span class="place">${isOwn ? relative(root, file) : file}:${line}</span> <span class="name">${name}</span>`;
  const lines = isOwn ? readLines(file) : undefined;
  if (lines === undefined) {
    return html`<p>${place}</p>`;
  }
  const first = Math.max(1, line - linesAround);
  const code = lines.slice(first - 1, line + linesAround).map((text, index) => {
    const number = first + index;
    return html`<span${number === line ? html` class="here"` : ""}><i>${number}</i>${text}\n</span>`;
  });
  return html`<details class="frame"${isOpen ? html` open` : ""}><summary>${place}</summary><pre class="code">${code}</pre></details>`;
}

function readLines(file: string): string[] | undefined {
  try {
    return readFileSync(file, "utf8").split(/\r\n|\n/);
  } catch {
    return undefined;
  }
}

function renderRequest(context: RequestContext): Markup {
  const { request, usedSession } = context;
  const headers = [...request.headers].map(([name, value]) => [name, isSecretName(name) ? secretMask : maskTarget(value)] as const);
  const rows: (readonly [string, string])[] = [
    ["URL", maskTarget(request.url, request.viewArgs)],
    ["Endpoint", context.endpoint === undefined ? "none" : `${context.endpoint.name} (${context.endpoint.label})`],
    ["Rule", request.rule ?? "none"],
    ["Values", JSON.stringify(maskSecrets({ ...request.viewArgs }))],
    ["Query", JSON.stringify([...request.query].map(([name, value]) => [name, isSecretName(name) ? secretMask : value]))],
    ["Session", usedSession === undefined ? "not used" : [...usedSession.keys()].join(", ") || "empty"],
    ["From", request.remoteAddress],
  ];
  return html`<table>${[...rows, ...headers].map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>`;
}

const style = `
body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1d2433;background:#f6f7f9}
header{background:#7a1f2b;color:#fff;padding:1.5rem 2rem}
header p{margin:0;opacity:.8;font-family:ui-monospace,monospace;overflow-wrap:anywhere}
h1{margin:.2rem 0 .4rem;font-size:1.6rem}
h2{font-size:1rem;margin:2rem 0 .6rem}
main{max-width:64rem;margin:0 auto;padding:0 2rem 3rem}
pre{margin:0;overflow:auto}
.message{white-space:pre-wrap;font:.95rem/1.5 ui-monospace,monospace}
.frame{background:#fff;border:1px solid #dde1e8;border-radius:.4rem;margin:0 0 .4rem;padding:.4rem .8rem}
summary{cursor:pointer}
.place{font-family:ui-monospace,monospace;font-size:.9rem}
.name{color:#5b6475;font-size:.9rem}
.code,details pre{font:.85rem/1.6 ui-monospace,monospace;margin-top:.5rem}
.code span{display:block}
.code i{display:inline-block;width:3.5em;color:#9aa2b1;font-style:normal;user-select:none}
.code .here{background:#fde8ea}
table{border-collapse:collapse;background:#fff;width:100%;font-size:.9rem}
th,td{border:1px solid #dde1e8;padding:.3rem .7rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{width:12rem;font-weight:600}
`;
