import fc from "fast-check";
import { expect, test } from "vitest";
import { openProgress, progressLine } from "../../src/record/progress.ts";
import { hostileText } from "./examples.ts";

const slot = "acme/2026-11-21T09:00";

test("a slot that is taken up says so", () => {
  expect(progressLine({ slot, done: 2, total: 48 })).toBe("[2/48] ▶ acme/2026-11-21T09:00 started");
});

test("a slot that ends tells its outcome, its cost and the reason", () => {
  expect(progressLine({ slot, done: 3, total: 48, result: { outcome: "posted", costUsd: 0.0153 } })).toBe(
    "[3/48] ✅ acme/2026-11-21T09:00 posted, $0.0153",
  );
  const deferred = { outcome: "deferred", reason: "X rate limit, until 10:15", costUsd: 0 } as const;
  expect(progressLine({ slot, done: 4, total: 48, result: deferred })).toBe(
    "[4/48] ⏸ acme/2026-11-21T09:00 deferred: X rate limit, until 10:15",
  );
});

test("whatever a reason contains, progress stays one line without commands", () => {
  fc.assert(
    fc.property(hostileText, (reason) => {
      const line = progressLine({ slot, done: 1, total: 1, result: { outcome: "dead", reason, costUsd: 0 } });
      expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]|##\[/u);
    }),
  );
});

test("of a thousand slots that one cause holds back, three are told and the third says that more follow", () => {
  const progress = openProgress();
  const lines = Array.from({ length: 1000 }, (_, index) => {
    const result = { outcome: "deferred", cause: "unavailable", reason: `503 at ${index}`, costUsd: 0 } as const;
    return progress({ slot: `c${index}/1`, done: index + 1, total: 1000, result });
  });
  expect(lines.filter((line) => line !== undefined)).toEqual([
    "[1/1,000] ⏸ c0/1 deferred: 503 at 0",
    "[2/1,000] ⏸ c1/1 deferred: 503 at 1",
    "[3/1,000] ⏸ c2/1 deferred: 503 at 2; others like it are only counted",
  ]);
});

test.for(["posted", "dead", "unknown"] as const)("every slot that ends as %s is told, and every start", (outcome) => {
  const progress = openProgress();
  const result = { outcome, reason: "same", costUsd: 0 };
  const ends = Array.from({ length: 50 }, () => progress({ slot, done: 1, total: 50, result }));
  const starts = Array.from({ length: 50 }, () => progress({ slot, done: 1, total: 50 }));
  expect([...ends, ...starts].every((line) => line !== undefined)).toBe(true);
});

test("another reason of a cause that concerns single slots is told again", () => {
  const progress = openProgress();
  const tell = (reason: string) =>
    progress({ slot, done: 1, total: 9, result: { outcome: "skipped", cause: "no-text", reason, costUsd: 0 } });
  expect(["a", "a", "a", "a", "b"].map(tell).map((line) => line !== undefined)).toEqual([
    true,
    true,
    true,
    false,
    true,
  ]);
});
