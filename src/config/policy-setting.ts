/** A directive's sources, or `null` to leave the directive out. */
export type PolicySources = string | readonly string[] | null;

/** The directives of CSP Level 3 and of the specifications that add to it. */
const directives = new Set(
  `child-src connect-src default-src fenced-frame-src font-src frame-src img-src manifest-src media-src object-src prefetch-src
   script-src script-src-attr script-src-elem style-src style-src-attr style-src-elem worker-src base-uri sandbox form-action
   frame-ancestors navigate-to report-to report-uri require-sri-for require-trusted-types-for trusted-types
   block-all-mixed-content upgrade-insecure-requests plugin-types webrtc`.split(/\s+/),
);
/** The keywords of CSP Level 3, section 2.3.1, and of the specifications that add to it. They are written in single quotes. */
const keywords = new Set(
  `self none unsafe-inline unsafe-eval unsafe-hashes strict-dynamic wasm-unsafe-eval report-sample trusted-types-eval report-sha256
   report-sha384 report-sha512 inline-speculation-rules unsafe-allow-redirects unsafe-webtransport-hashes allow-duplicates allow block
   script`.split(/\s+/),
);
/** Nonces and hashes, which have quotes as well. */
const quotedValue = /^(?:nonce|(?:url-|eval-)?sha(?:256|384|512))-[\w+/-]+={0,2}$/i;
/** Schemes that end with a colon. Without it, they are the names of hosts to a browser. */
const bareScheme = /^(?:data|blob|filesystem|mediastream)$/i;
/** The words that are keywords with quotes, and tokens without them in these directives. */
const directivesOfTokens = new Set(["sandbox", "report-to", "report-uri", "trusted-types", "require-sri-for", "plugin-types"]);

/** Returns the name of a directive as the header spells it: `imgSrc` is `img-src`. */
export function toDirective(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Tells whether a value is a policy that a header can hold, with directives that browsers know. */
export function isPolicy(value: unknown): boolean {
  if (typeof value === "string") {
    return /^[\x20-\x7e]+$/.test(value);
  }
  return (
    typeof value === "object" &&
    value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value)) &&
    Object.entries(value).every(
      ([name, sources]) => directives.has(toDirective(name)) && (sources === null || isList(sources, toDirective(name))),
    )
  );
}

function isList(sources: unknown, directive: string): boolean {
  const list: unknown[] = Array.isArray(sources) ? sources : [sources];
  const words = list.flatMap((source) =>
    typeof source === "string" && /^[\x20-\x2b\x2d-\x3a\x3c-\x7e]*$/.test(source) ? source.split(/\s+/) : ["'"],
  );
  return words.every((word) => isSource(word, directive));
}

/** Tells whether browsers read a word as it is meant. A slip of the quotes makes another source of it, silently. */
function isSource(word: string, directive: string): boolean {
  const quoted = /^'(.*)'$/.exec(word)?.[1];
  if (quoted !== undefined) {
    return keywords.has(quoted.toLowerCase()) || quotedValue.test(quoted);
  }
  const isBare = keywords.has(word.toLowerCase()) || quotedValue.test(word) || bareScheme.test(word);
  return !word.includes("'") && (!isBare || directivesOfTokens.has(directive));
}
