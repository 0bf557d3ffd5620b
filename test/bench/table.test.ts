import { expect, test } from "vitest";
import type { BenchRow } from "./row.ts";
import { benchJson, benchTable } from "./table.ts";

const fast: BenchRow = { name: "fast", figure: "1.10 s", floor: "1.00 s", ratio: 1.1, limit: 1.15, holds: true };
const slow: BenchRow = {
  name: "a slow one",
  figure: "12 s",
  floor: "1 s",
  ratio: 12,
  limit: 1.15,
  holds: false,
  detail: "for a reason",
};

test("the table says of each row whether it holds, in aligned columns, details below", () => {
  expect(benchTable([fast, slow]).split("\n")).toEqual([
    "      what        figure  floor   ratio  limit",
    "ok    fast        1.10 s  1.00 s  1.10   1.15",
    "MISS  a slow one  12 s    1 s     12.00  1.15",
    "      for a reason",
  ]);
});

test.for([
  { rows: [fast], holds: true },
  { rows: [fast, slow], holds: false },
  { rows: [], holds: true },
])("the document holds exactly when all its rows do: $holds", ({ rows, holds }) => {
  expect(JSON.parse(benchJson(rows))).toEqual({ holds, rows });
});
