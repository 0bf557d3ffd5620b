import { expect, test } from "vitest";
import { benchIdle } from "./idle.ts";

test("the bench of a tick with nothing due has a row for each way to run it", { timeout: 60_000 }, async () => {
  const rows = await benchIdle(2);
  expect(rows.map(({ name }) => name)).toEqual([
    "a tick with nothing due, tsx, as npm start has it",
    "a tick with nothing due, Node's own type stripping",
  ]);
  for (const { ratio, limit, holds } of rows) {
    expect(limit).toBe(1.6);
    expect(ratio).toBeGreaterThan(0.5);
    expect(holds).toBe(ratio <= 1.6);
  }
});
