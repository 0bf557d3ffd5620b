import { expect, test } from "vitest";
import { benchIdle } from "./idle.ts";

test("the bench of a tick with nothing due has a row for each way to run it", async () => {
  const rows = await benchIdle(2);
  expect(rows.map(({ name }) => name)).toEqual([
    "a tick with nothing due, tsx, as npm start has it",
    "a tick with nothing due, Node's own type stripping",
  ]);
  for (const { figure, floor, ratio, limit, holds } of rows) {
    expect(limit).toBe(1.6);
    // Of two runs each, on a busy machine, the ratio may be any; but it is that of the times beside it.
    expect([figure, floor]).toEqual([expect.stringMatching(/^\d+ ms$/), expect.stringMatching(/^\d+ ms$/)]);
    expect(ratio).toBeCloseTo(Number.parseInt(figure, 10) / Number.parseInt(floor, 10), 1);
    expect(holds).toBe(ratio <= 1.6);
  }
});
