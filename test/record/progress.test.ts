import fc from "fast-check";
import { expect, test } from "vitest";
import { progressLine } from "../../src/record/progress.ts";
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
