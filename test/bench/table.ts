import type { BenchRow } from "./row.ts";

const headings = ["", "what", "figure", "floor", "ratio", "limit"] as const;

/** The rows as aligned columns for a terminal, each detail on a line below its row. */
export function benchTable(rows: readonly BenchRow[]): string {
  const cells = rows.map(({ name, figure, floor, ratio, limit, holds }) => [
    holds ? "ok" : "MISS",
    name,
    figure,
    floor,
    ratio.toFixed(2),
    limit.toFixed(2),
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const below = rows.map(({ detail }) => (detail === undefined ? [] : [`      ${detail}`]));
  return [line(headings), ...cells.flatMap((row, index) => [line(row), ...(below[index] ?? [])])].join("\n");
}

/** One document for a machine. */
export function benchJson(rows: readonly BenchRow[]): string {
  return JSON.stringify({ holds: rows.every(({ holds }) => holds), rows });
}
