import fc from "fast-check";
import { expect, test } from "vitest";
import type { SlotResult } from "../../src/record/report.ts";
import { wouldHavePosted } from "../../src/record/report.ts";
import type { Cause, Outcome } from "../../src/terms.ts";
import { hostileText, outcomes, realRun, reportOf, sandboxRun, slotResult } from "./examples.ts";

const causes: readonly (Cause | undefined)[] = [undefined, "rate-limited", "unavailable", "no-text", "over-budget"];

const anySlot: fc.Arbitrary<SlotResult> = fc
  .record({
    number: fc.nat(20),
    client: fc.constantFrom("acme", "beta", "__proto__", "constructor"),
    outcome: fc.constantFrom(...outcomes),
    cause: fc.constantFrom(...causes),
    costUsd: fc.double({ min: 0, max: 3, noNaN: true }),
    tokens: fc.nat(5000),
  })
  .map(({ number, client, outcome, cause, costUsd, tokens }) =>
    slotResult({
      slot: `${client}/${number}`,
      client,
      outcome,
      costUsd,
      ...(cause === undefined ? {} : { cause }),
      usage: { inputTokens: tokens, cachedTokens: tokens, outputTokens: 7 },
    }),
  );

test("every slot counts once, in the totals and in its client", () => {
  fc.assert(
    fc.property(fc.array(anySlot, { maxLength: 60 }), (slots) => {
      const { slots: reports, totals } = reportOf(slots);
      expect(reports.length).toBe(new Set(slots.map(({ slot }) => slot)).size);
      expect(sum(outcomes.map((outcome) => totals[outcome]))).toBe(reports.length);
      const clients = Object.values(totals.perClient);
      for (const figure of [...outcomes, "failed", "tokens"] as const) {
        expect(sum(clients.map((counts) => counts[figure]))).toBe(totals[figure]);
      }
    }),
  );
});

test("money is exact to a millionth of a dollar and does not drift", () => {
  fc.assert(
    fc.property(fc.array(anySlot, { maxLength: 60 }), (slots) => {
      const { slots: reports, totals } = reportOf(slots);
      const microUsd = (usd: number): number => Math.round(usd * 1e6);
      expect(microUsd(totals.costUsd)).toBe(sum(reports.map(({ costUsd }) => microUsd(costUsd))));
      expect(microUsd(totals.costUsd)).toBe(sum(slots.map(({ costUsd }) => microUsd(costUsd))));
      expect(microUsd(totals.costUsd)).toBe(sum(Object.values(totals.perClient).map((it) => microUsd(it.costUsd))));
      expect(totals.costUsd.toFixed(6)).toBe(String(Number(totals.costUsd).toFixed(6)));
      expect(Number(totals.costUsd.toFixed(6))).toBe(totals.costUsd);
    }),
  );
});

test("ten thousand posts at a cent and a half cost 150 dollars", () => {
  const slots = Array.from({ length: 10_000 }, (_, index) => slotResult({ slot: `acme/${index}`, costUsd: 0.015 }));
  expect(reportOf(slots).totals.costUsd).toBe(150);
});

test.for<{ outcome: Outcome; cause?: Cause; failed: number }>([
  { outcome: "posted", failed: 0 },
  { outcome: "dead", failed: 1 },
  { outcome: "unknown", failed: 1 },
  { outcome: "missed", failed: 0 },
  { outcome: "missed", cause: "unavailable", failed: 0 },
  { outcome: "deferred", cause: "rate-limited", failed: 0 },
  { outcome: "deferred", cause: "unavailable", failed: 1 },
  { outcome: "skipped", cause: "no-text", failed: 1 },
  { outcome: "skipped", cause: "rehearsal", failed: 0 },
  { outcome: "skipped", failed: 0 },
])("a slot that ends $outcome for the cause $cause counts $failed failures", ({ outcome, cause, failed }) => {
  const { totals } = reportOf([slotResult({ outcome, ...(cause === undefined ? {} : { cause }) })]);
  expect(totals.failed).toBe(failed);
});

test("the error rate is failed over attempted, and zero when nothing was attempted", () => {
  const dead = slotResult({ slot: "acme/1", outcome: "dead" });
  const missed = slotResult({ slot: "acme/2", outcome: "missed" });
  expect(reportOf([dead, missed, slotResult(), slotResult({ slot: "b/1" })]).totals).toMatchObject({
    attempted: 3,
    errorRate: 0.3333,
  });
  expect(reportOf([missed]).totals).toMatchObject({ attempted: 0, errorRate: 0 });
});

test("the queue holds the slots deferred by a rate limit, not those that wait for money or spacing", () => {
  const deferred = (slot: string, cause?: Cause): SlotResult =>
    slotResult({ slot, outcome: "deferred", ...(cause === undefined ? {} : { cause }) });
  const slots = [deferred("a/1", "rate-limited"), deferred("a/2", "backing-off"), deferred("a/3")];
  const others = [deferred("b/1", "over-budget"), deferred("b/2", "spacing"), deferred("b/3", "halted")];
  expect(reportOf([...slots, ...others, slotResult()]).totals.queueDepth).toBe(3);
});

test("a slot settled and then worked on counts once, with its last outcome and both costs", () => {
  const first = slotResult({
    outcome: "unknown",
    costUsd: 0.005,
    usage: { inputTokens: 1, cachedTokens: 0, outputTokens: 1 },
  });
  const report = reportOf([first, slotResult({ costUsd: 0.015 })]);
  expect(report.slots).toEqual([expect.objectContaining({ outcome: "posted", costUsd: 0.02, tokens: 2 })]);
});

test("a post links to X only where X is real and the address is one that X writes", () => {
  const linkOf = (changes: Partial<SlotResult>, run = realRun) => reportOf([slotResult(changes)], run).slots[0]?.link;
  expect(linkOf({ postId: "123" })).toBe("https://x.com/acme_inc/status/123");
  expect(linkOf({ postId: "123" }, sandboxRun)).toBeUndefined();
  expect(linkOf({})).toBeUndefined();
  expect(linkOf({ postId: "12/../3" })).toBeUndefined();
  expect(linkOf({ postId: "1", handle: "a/b" })).toBeUndefined();
});

test("the report says when the run began and ended, in what mode, and how long it took", () => {
  const { run, totals } = reportOf([]);
  expect(run).toEqual({
    id: "run-1",
    commit: "1cb828e",
    mode: realRun.mode,
    startedAt: "2026-11-21T08:00:38.000Z",
    finishedAt: "2026-11-21T08:01:16.000Z",
  });
  expect(totals.runtimeSeconds).toBe(38);
});

test("a slot that was not posted says what to do next", () => {
  const [slot] = reportOf([slotResult({ outcome: "dead", cause: "account", reason: "suspended" })]).slots;
  expect(slot).toMatchObject({ reason: "suspended", nextAction: expect.stringContaining("Log in") });
});

test("whatever an API answers, the report can be stored, and a reason of a megabyte is cut", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const [slot] = reportOf([slotResult({ outcome: "dead", reason: text, text })]).slots;
      for (const value of [slot?.reason, slot?.text]) {
        expect(value).not.toContain("\0");
        expect(value?.isWellFormed()).toBe(true);
      }
    }),
  );
  const [slot] = reportOf([slotResult({ outcome: "dead", reason: "x".repeat(1_000_000) })]).slots;
  expect(slot?.reason).toHaveLength(1001);
});

test("a rehearsal would have posted when it came as far as a text", () => {
  const rehearsed = (changes: Partial<SlotResult>): boolean =>
    reportOf([slotResult({ outcome: "skipped", rehearsal: true, text: "x", ...changes })]).slots.every(wouldHavePosted);
  expect(rehearsed({})).toBe(true);
  expect(rehearsed({ outcome: "deferred" })).toBe(false);
  expect(rehearsed({ rehearsal: false })).toBe(false);
  expect(reportOf([slotResult({ outcome: "skipped", rehearsal: true })]).slots.every(wouldHavePosted)).toBe(false);
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
