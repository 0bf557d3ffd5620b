import { expect, test } from "vitest";
import { benchLoad } from "./load.ts";

test("the benchmark of loading gives every figure beside its floor", async () => {
  const rows = await benchLoad({ most: 40, runs: 1 });
  expect(rows.map(({ name, limit }) => ({ name, limit }))).toEqual([
    { name: "load and plan 40 clients, cold", limit: 1.3 },
    { name: "load and plan 40 clients, warm", limit: 5 },
    { name: "4 to 40 clients, cold", limit: 11 },
    { name: "4 to 40 clients, warm", limit: 11 },
    { name: "memory for each 1000 clients, 12 to 40", limit: 1.25 },
  ]);
  for (const { figure, floor, ratio } of rows.slice(0, 4)) {
    expect(ratio).toBeGreaterThan(0);
    expect(`${figure} ${floor}`).toMatch(/^\d+ ms \d+ ms \(/);
  }
});
