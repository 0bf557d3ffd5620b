import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeReports, renderMissing } from "../../src/record/merge-reports.ts";
import { buildReport } from "../../src/record/report.ts";
import { outcomes, realRun, slotResult } from "./examples.ts";
import { shardReport } from "./shard-reports.ts";

const [low, high] = ["00000000-7fffffff", "80000000-ffffffff"];
const run = { id: "run-1", commit: "1cb828e" };
const both = { expected: [low, high], run };

const slot = (client: string, change = {}) => slotResult({ slot: `${client}/2026-11-21T09:00`, client, ...change });

test("slots and totals of all shards stand in one report, with the longest runtime and the outer instants", () => {
  const { report, missing, notes } = mergeReports(
    [
      shardReport({ shard: high, slots: [slot("bolt", { outcome: "dead" })], seconds: 90 }),
      shardReport({ shard: low, slots: [slot("acme")], seconds: 20, startedAt: "2026-11-21T08:00:30Z" }),
    ],
    both,
  );
  expect(missing).toEqual([]);
  expect(report?.run).toEqual({
    ...run,
    mode: realRun.mode,
    startedAt: "2026-11-21T08:00:30.000Z",
    finishedAt: "2026-11-21T08:02:08.000Z",
  });
  expect(report?.slots.map(({ client, outcome }) => [client, outcome])).toEqual([
    ["acme", "posted"],
    ["bolt", "dead"],
  ]);
  expect(report?.totals).toMatchObject({ posted: 1, dead: 1, failed: 1, costUsd: 0.0306, runtimeSeconds: 90 });
  expect(Object.keys(report?.totals.perClient ?? {})).toEqual(["acme", "bolt"]);
  expect(notes).toEqual([`Merged from run-1-${low}, run-1-${high}.`]);
});

test("a slot that two reports name counts once: its last outcome holds, and its costs add up", () => {
  const { report } = mergeReports(
    [
      shardReport({ shard: high, slots: [slot("acme")], startedAt: "2026-11-21T09:00:00Z" }),
      shardReport({ shard: low, slots: [slot("acme", { outcome: "unknown", costUsd: 0.01 })] }),
    ],
    both,
  );
  expect(report?.slots).toMatchObject([{ outcome: "posted", costUsd: 0.0253 }]);
  expect(report?.totals).toMatchObject({ posted: 1, unknown: 0 });
});

test("however the slots are spread over shards, the totals are those of one run", () => {
  const anySlot = fc.record({
    outcome: fc.constantFrom(...outcomes),
    costUsd: fc.integer({ min: 0, max: 10_000_000 }).map((micro) => micro / 1_000_000),
    shard: fc.nat({ max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(anySlot, { maxLength: 40 }), (drawn) => {
      const slots = drawn.map(({ outcome, costUsd }, n) => slot(`client-${n}`, { outcome, costUsd }));
      const files = [0, 1, 2, 3].map((shard) =>
        shardReport({ shard: `${shard}`, slots: slots.filter((_, n) => drawn[n]?.shard === shard) }),
      );
      const { report } = mergeReports(files, { expected: [], run });
      const single = buildReport({ run: realRun, finishedAt: realRun.startedAt, runtimeSeconds: 38, slots });
      const sorted = (totals = single.totals) => ({
        ...totals,
        perClient: Object.fromEntries(Object.entries(totals.perClient).sort()),
      });
      expect(sorted(report?.totals)).toEqual(sorted());
    }),
  );
});

test("a shard without a report is named, and what stands above the summary counts it", () => {
  const merged = mergeReports([shardReport({ shard: low, slots: [slot("acme")] })], both);
  expect(merged.missing).toEqual([high]);
  expect(merged.notes[0]).toBe(`Shard ${high} left no report: its clients are picked up by the next tick.`);
  expect(renderMissing(merged, 2)).toBe("❌ 1 of 2 shards left no report: what follows is the work of the others.\n\n");
  expect(renderMissing(mergeReports([shardReport({ shard: low })], { expected: [low], run }), 1)).toBe("");
});

test("without any report there is none to show: the shards are named, and nothing is said to have been idle", () => {
  const merged = mergeReports([], both);
  expect(merged.report).toBeUndefined();
  const markdown = renderMissing(merged, 2);
  expect(markdown).toMatch(/^❌ No shard left a report\. What was sent is in the ledger/);
  expect(markdown).toContain(low);
  expect(markdown).toContain(high);
});

test("the halt of everything that every shard tells of counts once, beside those of single clients", () => {
  const all = { scope: "*", why: "storm" };
  const acme = { scope: "acme", why: "numbers" };
  const merged = mergeReports(
    [shardReport({ shard: low, halts: [all] }), shardReport({ shard: high, halts: [all, acme] })],
    both,
  );
  expect(merged.report?.halts).toEqual([all, acme]);
});

test("what several shards say in the same words is said once", () => {
  const notes = ["Upstash did not answer: the ledger decided instead."];
  const merged = mergeReports([shardReport({ shard: low, notes }), shardReport({ shard: high, notes })], both);
  expect(merged.notes.filter((note) => note.startsWith("Upstash"))).toHaveLength(1);
});

test("the ids of 256 runs are all listed, a few in each note", () => {
  const shards = Array.from({ length: 256 }, (_, n) => `${n.toString(16).padStart(8, "0")}-ffffffff`);
  const { notes } = mergeReports(
    shards.map((shard) => shardReport({ shard })),
    { expected: shards, run },
  );
  for (const shard of shards) expect(notes.join(" ")).toContain(`run-1-${shard}`);
  expect(Math.max(...notes.map((note) => note.length))).toBeLessThan(300);
});
