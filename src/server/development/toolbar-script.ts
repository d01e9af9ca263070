/** The script of the page: it asks for the reports, and shows them in an element that the styles of the page do not reach. */
export const toolbarScript: string = `(() => {
  const id = Number(document.currentScript.dataset.request);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(\`
    :host { all: initial; display: block; height: 0; font: 13px/1.45 system-ui, sans-serif; color: #1d2433; }
    /* On a phone the page gets room below its footer, which the toolbar would cover. */
    @media (max-width: 40rem) { :host { height: 3rem; } }
    details { position: fixed; right: .5rem; bottom: .5rem; z-index: 2147483647; background: #fff; border: 1px solid #b9c0cc; border-radius: .5rem; box-shadow: 0 2px 10px #0003; }
    summary { cursor: pointer; padding: .3rem .7rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
    summary b { padding: 0 .35rem; border-radius: .25rem; background: #dcefe0; }
    summary b.bad { background: #f8d7da; }
    .panel { width: min(46rem, calc(100vw - 2rem)); max-height: 70vh; overflow: auto; padding: 0 .9rem .9rem; box-sizing: border-box; }
    h2 { font-size: 12px; margin: .9rem 0 .2rem; color: #4d5666; text-transform: uppercase; letter-spacing: .04em; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; vertical-align: top; padding: .15rem .5rem .15rem 0; border-top: 1px solid #e4e8ee; font-weight: 400; overflow-wrap: anywhere; }
    th { color: #4d5666; width: 11rem; }
    @media (max-width: 40rem) { th { width: 5.5rem; } }
    td.number { text-align: right; white-space: nowrap; width: 5rem; font-variant-numeric: tabular-nums; }
    code { font: 12px/1.45 ui-monospace, monospace; }
    button { font: inherit; color: #0b5394; background: none; border: 0; padding: 0; cursor: pointer; text-align: left; overflow-wrap: anywhere; }
    button[aria-current] { font-weight: 700; }
    @media (prefers-color-scheme: dark) { :host { color: #e8ebf0; } details { background: #20242c; border-color: #454c59; } th, h2 { color: #a9b2c0; } th, td { border-color: #373d48; } button { color: #8ab8ea; } summary b { background: #1f4a2c; } summary b.bad { background: #6b1f28; } }
  \`);
  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const ms = (value) => (value < 0 || value === null ? "" : value.toFixed(value < 10 ? 1 : 0) + " ms");
  const count = (list, one, many) => (list.length === 0 ? "" : " · " + list.length + " " + (list.length === 1 ? one : many));
  const row = (name, value, number) => element("tr", {}, element("th", { scope: "row" }, name), ...(value === undefined ? [] : [element("td", {}, value)]), ...(number === undefined ? [] : [element("td", { className: "number" }, number)]));
  const section = (title, rows) => (rows.length === 0 ? [] : [element("h2", {}, title), element("table", {}, ...rows)]);
  const code = (text) => element("code", {}, text);
  const host = document.createElement("flagon-toolbar");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const summary = document.createElement("summary");
  const panel = element("div", { className: "panel" });
  const details = element("details", { open: sessionStorage.getItem("flagon-toolbar") === "open" }, summary, panel);
  details.addEventListener("toggle", () => {
    sessionStorage.setItem("flagon-toolbar", details.open ? "open" : "");
    if (details.open) load(shown);
  });
  root.append(details);
  let shown = id;
  const show = (report, all) => {
    shown = report.id;
    summary.replaceChildren(
      element("b", { className: report.status >= 400 ? "bad" : "" }, String(report.status)),
      " " + report.method + " · " + ms(report.duration) + count(report.templates, "template", "templates") + count(report.queries, "query", "queries") + count(report.log, "log line", "log lines") + report.links.map(([text]) => " · " + text).join(""),
    );
    panel.replaceChildren(
      ...section("Request", [
        row("Target", code(report.method + " " + report.target)),
        row("Route", code(report.rule ?? "none")),
        row("Endpoint", code(report.endpoint === null ? "none" : report.endpoint + " (" + report.view + ")")),
        ...report.links.map(([text, path]) => row(text, element("a", { href: path, target: "_blank" }, path))),
        row("Hooks", Object.entries(report.hooks).map(([kind, number]) => number + " " + kind).join(", ")),
      ]),
      ...section("Time", report.phases.map(([name, time]) => row(name, "", ms(time)))),
      ...section("Templates", report.templates.map(({ name, duration }) => row(code(name), "", ms(duration)))),
      ...section("Queries", report.queries.map(({ sql, parameters, duration }) => element("tr", {}, element("td", {}, code(sql), parameters === "" ? "" : element("div", {}, code(parameters))), element("td", { className: "number" }, ms(duration))))),
      ...section("Log", report.log.map(({ level, message }) => row(level, message))),
      ...section("Session", report.session === null ? [] : report.session.length === 0 ? [row("empty", "")] : report.session.map(([name, value]) => row(code(name), code(value)))),
      ...section("Latest requests", all.map((other) => {
        const button = element("button", { type: "button" }, other.method + " " + other.target);
        if (other.id === report.id) button.setAttribute("aria-current", "true");
        button.addEventListener("click", () => show(other, all));
        return element("tr", {}, element("td", {}, button), element("td", { className: "number" }, String(other.status)), element("td", { className: "number" }, ms(other.duration)));
      })),
    );
  };
  const load = async (wanted) => {
    const response = await fetch("/_flagon/requests");
    const all = response.ok ? await response.json() : [];
    const report = all.find((one) => one.id === wanted) ?? all[0];
    if (report !== undefined) {
      show(report, all);
      document.body.append(host);
    }
  };
  load(id);
})();
`;
