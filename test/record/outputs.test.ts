import { expect, test } from "vitest";
import { stepOutputs } from "../../src/record/outputs.ts";
import { reportOf, slotResult } from "./examples.ts";

test("the step outputs are plain numbers and the path of the summary", () => {
  const report = reportOf([
    slotResult({ costUsd: 0.000001 }),
    slotResult({ slot: "a/1", outcome: "dead", costUsd: 0 }),
    slotResult({ slot: "a/2", outcome: "unknown", costUsd: 0 }),
    slotResult({ slot: "a/3", outcome: "deferred", cause: "rate-limited", costUsd: 0 }),
  ]);
  expect(stepOutputs(report, ".clara/summary.md")).toEqual({
    posted: "1",
    failed: "2",
    dead: "1",
    "queue-depth": "1",
    "cost-usd": "0.000001",
    summary: ".clara/summary.md",
  });
});
