/** What Flagon sends by default; the others send the same, so that all do equal work. */
export const always = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-frame-options": "SAMEORIGIN",
};
export const withHtml = {
  ...always,
  "content-security-policy": "object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
  "cross-origin-opener-policy": "same-origin",
};

/** Tells the parent process that the server listens, and answers its questions for the CPU time used so far. */
export function report(server) {
  process.send({ port: server.address().port });
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send({ cpu: user + system });
  });
}
