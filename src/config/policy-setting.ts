/** A directive's sources, or `null` to leave the directive out. */
export type PolicySources = string | readonly string[] | null;

/** The directives of CSP Level 3 and of the specifications that add to it. */
const directives = new Set(
  `child-src connect-src default-src fenced-frame-src font-src frame-src img-src manifest-src media-src object-src prefetch-src
   script-src script-src-attr script-src-elem style-src style-src-attr style-src-elem worker-src base-uri sandbox form-action
   frame-ancestors navigate-to report-to report-uri require-sri-for require-trusted-types-for trusted-types
   block-all-mixed-content upgrade-insecure-requests plugin-types webrtc`.split(/\s+/),
);
/** A keyword without its quotes is the name of a host to a browser. */
const bareKeyword = /(?:^|\s)(?:self|none|unsafe-inline|unsafe-eval|unsafe-hashes|strict-dynamic|wasm-unsafe-eval|report-sample)(?:\s|$)/i;

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
      ([name, sources]) => directives.has(toDirective(name)) && (sources === null || listSources(sources) !== undefined),
    )
  );
}

function listSources(sources: unknown): readonly string[] | undefined {
  const list: unknown[] = Array.isArray(sources) ? sources : [sources];
  const texts = list.filter((source) => typeof source === "string" && /^[\x20-\x2b\x2d-\x3a\x3c-\x7e]*$/.test(source));
  const isBare = texts.some((text) => bareKeyword.test(String(text)));
  return texts.length === list.length && !isBare ? texts.map(String) : undefined;
}
