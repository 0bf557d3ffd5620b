import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { haltNotes } from "../../src/record/halts.ts";
import { nextAction } from "../../src/record/next-action.ts";
import { readReport } from "../../src/record/read-report.ts";
import type { Cause } from "../../src/terms.ts";
import { hostileText, outcomes, slotResult } from "./examples.ts";
import { shardReport } from "./shard-reports.ts";

const shard = "00000000-ffffffff";

const causes = Object.keys({
  config: 0,
  "over-budget": 0,
  "rate-limited": 0,
  unavailable: 0,
  rejected: 0,
  "out-of-credit": 0,
  "outcome-unknown": 0,
  halted: 0,
  stopped: 0,
  "backing-off": 0,
  spacing: 0,
  "fence-lost": 0,
  "too-late": 0,
  "no-text": 0,
  credentials: 0,
  "wrong-account": 0,
  account: 0,
  content: 0,
  "sent-twice": 0,
  "dry-run": 0,
  rehearsal: 0,
} satisfies Record<Cause, 0>) as Cause[];

const full = shardReport({
  shard,
  notes: ["a note"],
  slots: [
    slotResult({ postId: "99", text: "one text", model: "openai/gpt-5-mini", promptVersion: "1.0.0" }),
    slotResult({ slot: "bolt/2026-11-21T09:00", client: "bolt", outcome: "dead", reason: "no", cause: "content" }),
  ],
});

test("what a run writes is read as it is, with every field that a report can have", () => {
  const fields = new Set(full.slots.flatMap((slot) => Object.keys(slot)));
  expect([...fields].sort()).toEqual(
    ["slot", "client", "handle", "outcome", "reason", "cause", "nextAction", "postId", "link", "text", "model"]
      .concat("promptVersion", "rehearsal", "tokens", "costUsd", "latenessSeconds")
      .sort(),
  );
  const { perClient: _, ...totals } = full.totals;
  expect(readReport(JSON.stringify(full))).toEqual({
    report: expect.objectContaining({ ...full, totals: { ...totals, perClient: _ } }),
  });
});

const longText = fc.tuple(hostileText, fc.nat({ max: 400 })).map(([text, times]) => text.repeat(times));
const anyCount = fc.oneof(fc.nat(), fc.maxSafeNat());

test("every report that can be built is read, whatever a model or a service wrote into it", () => {
  const anySlot = fc.record({
    outcome: fc.constantFrom(...outcomes),
    cause: fc.constantFrom(...causes),
    reason: longText,
    text: fc.oneof(longText, fc.constant("\u{1f469}".repeat(100_001))),
    // What a server of models says of itself.
    usage: fc.record({ inputTokens: anyCount, outputTokens: anyCount, cachedTokens: anyCount }),
    costUsd: fc.double({ min: 0, max: 1e11, noNaN: true }),
    latenessSeconds: fc.nat({ max: 1e8 }),
  });
  const drawn = fc.record({
    results: fc.array(anySlot, { maxLength: 5 }),
    reasons: fc.array(longText, { maxLength: 6 }),
    notes: fc.oneof(fc.array(longText, { maxLength: 3 }), fc.constant(Array.from({ length: 101 }, () => "a note"))),
  });
  fc.assert(
    fc.property(drawn, ({ results, reasons, notes }) => {
      const slots = results.map((change, n) =>
        slotResult({ ...change, slot: `client-${n}/2026-11-21T09:00`, client: `client-${n}` }),
      );
      const halts = reasons.map((why, n) => ({ scope: n === 0 ? "*" : `client-${n}`, why }));
      const clients = reasons.slice(1).map((why, n) => ({ id: `client-${n}`, why }));
      const told = [...haltNotes({ everything: reasons[0], clients }), ...notes];
      expect(readReport(JSON.stringify(shardReport({ shard, slots, halts, notes: told })))).toHaveProperty("report");
    }),
  );
});

test("a note that is too long for a report is cut, and one that fits stays whole", () => {
  const notes = ["n".repeat(2000), `${"n".repeat(1998)}\u{1f469}n`];
  const { notes: written } = shardReport({ shard, notes });
  expect(written).toEqual([notes[0], `${"n".repeat(1998)}\ufffd…`]);
});

test("the next action of every outcome and cause fits", () => {
  for (const outcome of outcomes) {
    for (const cause of causes) expect((nextAction(outcome, cause) ?? "").length).toBeLessThan(500);
  }
});

describe("a file is no report", () => {
  const changed = (change: (report: { [key: string]: unknown; slots: Record<string, unknown>[] }) => void) => {
    const copy = JSON.parse(JSON.stringify(full));
    change(copy);
    return JSON.stringify(copy);
  };
  const withSlot = (fields: object) => changed(({ slots }) => Object.assign(slots[0] ?? {}, fields));

  test.for([
    { what: "that is empty", json: "" },
    { what: "that is cut", json: JSON.stringify(full).slice(0, -1) },
    { what: "that is null", json: "null" },
    { what: "that is a list", json: "[]" },
    { what: "without a run", json: changed((report) => delete report.run) },
    { what: "without slots", json: changed((report) => Object.assign(report, { slots: undefined })) },
    { what: "without notes", json: changed((report) => delete report.notes) },
    { what: "without a runtime", json: changed((report) => Object.assign(report, { totals: {} })) },
    { what: "with another field", json: changed((report) => Object.assign(report, { more: 1 })) },
    { what: "with a prototype", json: JSON.stringify(full).replace("{", '{"__proto__":{"a":1},') },
    { what: "with another field of a slot", json: withSlot({ more: 1 }) },
    { what: "with an outcome that there is not", json: withSlot({ outcome: "great" }) },
    { what: "with a cause that there is not", json: withSlot({ cause: "toString" }) },
    { what: "with a link that leads elsewhere", json: withSlot({ link: "javascript:alert(1)" }) },
    { what: "with a link to another site", json: withSlot({ link: "https://x.com.evil.example/a/status/1" }) },
    { what: "with a negative cost", json: withSlot({ costUsd: -1 }) },
    { what: "with endless money", json: JSON.stringify(full).replace('"costUsd":0.0153', '"costUsd":1e999') },
    { what: "with half a token", json: withSlot({ tokens: 0.5 }) },
    { what: "with a slot of another client", json: withSlot({ client: "bolt" }) },
    { what: "with a slot that is none", json: withSlot({ slot: "acme/../x" }) },
    { what: "with a text of a megabyte", json: withSlot({ text: "x".repeat(1_000_000) }) },
    {
      what: "with an instant that is none",
      json: changed((report) => Object.assign(report.run ?? {}, { startedAt: "now" })),
    },
    { what: "with a shard that is none", json: changed((report) => Object.assign(report, { shard: "all" })) },
  ])("$what", ({ json }) => {
    expect(readReport(json)).toEqual({ problem: expect.stringMatching(/^it is not (JSON|a report)/) });
  });

  test("whatever text it holds, and the problem quotes none of it", () => {
    fc.assert(
      fc.property(hostileText, fc.json(), (text, json) => {
        for (const file of [text, json, changed((report) => Object.assign(report, { [`x${text}`]: text }))]) {
          expect(readReport(file)).toEqual({ problem: expect.stringMatching(/^it is not [\w/ :'-]{1,200}$/) });
        }
      }),
    );
  });
});
