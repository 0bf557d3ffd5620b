import fc from "fast-check";
import { expect, test } from "vitest";
import type { SlotResult } from "../../src/record/report.ts";
import { terminalSummary } from "../../src/record/terminal.ts";
import type { Problem } from "../../src/terms.ts";
import { hostileText, quiet, reportOf, sandboxRun, slotResult } from "./examples.ts";

const problem: Problem = {
  file: "clients/beta.yaml",
  line: 12,
  column: 5,
  message: "unknown field shedule",
  hint: "schedule",
  severity: "error",
};

const slots: readonly SlotResult[] = [
  slotResult({
    postId: "123",
    text: "Fresh bread\nfrom seven.",
    usage: { inputTokens: 1200, cachedTokens: 0, outputTokens: 34 },
  }),
  slotResult({ slot: "beta/1", client: "beta", outcome: "dead", cause: "account", reason: "suspended", costUsd: 0 }),
  slotResult({ slot: "gamma/1", client: "gamma", outcome: "missed", costUsd: 0 }),
  slotResult({ slot: "omega/1", client: "omega", outcome: "skipped", rehearsal: true, text: "Not sent.", costUsd: 0 }),
];

test("the terminal shows verdict, problems, one line per slot, the figures and the notes", () => {
  const context = { problems: [problem], notes: ["A note."], broken: new Set(["beta"]) };
  expect(terminalSummary(reportOf(slots), context).split("\n")).toEqual([
    "✅ 1 posted · ⏭ 1 skipped · ⌛ 1 missed · ❌ 1 dead · $0.0153 · 38 s",
    "A person must look: 1 dead letter and 1 configuration problem.",
    "clients/beta.yaml:12:5 unknown field shedule (schedule)",
    "Nothing is posted until its file is mended: beta.",
    "✅ posted   acme/2026-11-21T09:00 · 38 s late · $0.0153 · https://x.com/acme_inc/status/123 · Fresh bread from seven.",
    "❌ dead     beta/1 · suspended → Log in to the account on X and do what X asks there.",
    "⌛ missed   gamma/1 · no reason given → Nothing: it stays unposted. If it comes again, look at how often ticks run, or raise late.within.",
    "⏭ skipped  omega/1 · would have posted · Not sent.",
    "Tokens: 1,234 (acme 1,234) · posts: 1 succeeded, 1 failed · error rate: 50% · rate-limit queue depth: 0",
    "A note.",
    "Services: ledger real, limiter real, model real, x real.",
    "Run run-1 of commit 1cb828e, started 2026-11-21T08:00:38.000Z.",
    "",
  ]);
});

test("slots of one cause are one line, where the first of them stands; the next action is told once", () => {
  const held = (client: string, reason: string) =>
    slotResult({ slot: `${client}/1`, client, outcome: "deferred", cause: "out-of-credit", reason, costUsd: 0 });
  const mixed = [held("a", "402: buy credits"), slotResult({ text: "Hi" }), held("b", "402: buy credits")];
  expect(terminalSummary(reportOf(mixed, sandboxRun), quiet).split("\n").slice(2, 4)).toEqual([
    "⏸ deferred 2 slots of 2 clients: a/1, b/1 · 402: buy credits → Buy credit from the service: until then it serves no client.",
    "✅ posted   acme/2026-11-21T09:00 · 38 s late · $0.0153 · Hi",
  ]);
});

test("behind a reason of a thousand characters the next action is still seen", () => {
  const long = slotResult({ outcome: "dead", cause: "content", reason: "no ".repeat(400) });
  expect(terminalSummary(reportOf([long]), quiet)).toContain("add the phrase to the avoid list.");
});

test("a post in the sandbox shows its id in place of a link, and one without an id nothing", () => {
  const lineOf = (changes: Partial<SlotResult>): string | undefined =>
    terminalSummary(reportOf([slotResult(changes)], sandboxRun), quiet).split("\n")[2];
  expect(lineOf({ postId: "123", text: "Hi" })).toContain("$0.0153 · 123 · Hi");
  expect(lineOf({ text: "Hi" })).toContain("$0.0153 · Hi");
});

test("colors come only when they are asked for", () => {
  const report = reportOf(slots);
  expect(terminalSummary(report, quiet)).not.toContain("\u001b");
  expect(terminalSummary(report, { ...quiet, color: true })).toContain("\u001b[31mdead    \u001b[39m");
});

test("whatever texts and errors contain, each slot takes one line that a terminal and a runner show as text", () => {
  fc.assert(
    fc.property(hostileText, hostileText, (first, second) => {
      const hostile = [
        slotResult({ slot: first, text: second, postId: first }),
        slotResult({ slot: `${second}/x`, outcome: "dead", reason: first }),
      ];
      const context = { ...quiet, notes: [first], problems: [{ ...problem, message: second, file: first }] };
      const lines = terminalSummary(reportOf(hostile, sandboxRun), context).split("\n");
      expect(lines).toHaveLength(10 - (first === `${second}/x` ? 1 : 0));
      for (const line of lines) {
        expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u200b\u2028]|##\[|^\s*::/u);
      }
    }),
  );
});
