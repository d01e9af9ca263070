import type { Flagon } from "../app";

/** A route, as it is listed. */
export interface RouteRow {
  readonly rule: string;
  readonly methods: string;
  readonly endpoint: string;
  readonly view: string;
  readonly host: string;
  readonly hooks: number;
}

/** Lists an app's routes: by endpoint, or by another column; those that hold a text, if one is given. */
export function listRoutes(app: Flagon, { filter = "", sort = "endpoint" }: { filter?: string; sort?: string }): RouteRow[] {
  const rows = app.registry.routes.routes.map(({ endpoint, host, methods, rule }) => ({
    rule: rule.source,
    methods: [...methods].sort().join(", "),
    endpoint: endpoint.name,
    view: endpoint.label,
    host: host?.source ?? "",
    hooks: endpoint.scope.all.beforeRequest.length + endpoint.scope.all.afterRequest.length + endpoint.scope.all.teardownRequest.length,
  }));
  const key = isColumn(sort) ? sort : "endpoint";
  return rows
    .filter((row) => Object.values(row).join(" ").toLowerCase().includes(filter.toLowerCase()))
    .sort((left, right) => (left[key] < right[key] ? -1 : left[key] > right[key] ? 1 : 0));
}

function isColumn(name: string): name is "rule" | "methods" | "endpoint" | "view" {
  return ["rule", "methods", "endpoint", "view"].includes(name);
}

/** Formats routes as a table for a terminal. */
export function formatRoutes(rows: readonly RouteRow[], filter = ""): string {
  if (rows.length === 0) {
    return filter === "" ? "The app has no routes." : `No route holds '${filter}'.`;
  }
  const columns: readonly (keyof RouteRow)[] = [
    "rule",
    "methods",
    "endpoint",
    "view",
    ...(rows.some(({ host }) => host !== "") ? (["host"] as const) : []),
    "hooks",
  ];
  const table = [
    columns.map((column) => column.charAt(0).toUpperCase() + column.slice(1)),
    ...rows.map((row) => columns.map((column) => String(row[column]))),
  ];
  const widths = columns.map((_, index) => Math.max(...table.map((cells) => cells[index]?.length ?? 0)));
  const lines = table.map((cells) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1)].join("\n");
}
