import { expect, test } from "vitest";
import type { Evidence } from "../../src/simulate/evidence.ts";
import { hinder } from "../../src/simulate/journal.ts";
import type { SlotRow } from "../../src/simulate/ledger-rows.ts";
import { judgePromises } from "../../src/simulate/promises/judge.ts";
import { checkNotLost } from "../../src/simulate/promises/lost.ts";
import { evidence, id, minutes, row, withClient, withJournal } from "./evidence-double.ts";

const second = "acme/2026-11-21T09:30";

/** The slot without a post, in this state; others are owed beside it. */
function ended(change: Partial<SlotRow>, ...others: readonly { id: string; plannedAt: Date }[]): Partial<Evidence> {
  const rows = others.map((other) => row({ ...other, state: "missed", reason: "why", changedAt: minutes(300) }));
  const owed = [...evidence().owed, ...others.map((other) => ({ ...other, client: "acme" }))];
  const slots = new Map(
    [row({ reason: "why", changedAt: minutes(60), ...change }), ...rows].map((one) => [one.id, one]),
  );
  return { owed, slots, posts: [], intents: [] };
}

/** Something was in the way of the only run. */
function hindered(client = "acme"): Partial<Evidence> {
  return withJournal((journal) => hinder(journal, "run-1", client));
}

function standing(until?: Date, scope = "*x"): Partial<Evidence> {
  return { standing: [{ scope, reason: "X rests", ...(until && { until }) }] };
}

const planted: readonly { when: string; change: Partial<Evidence>; says: RegExp }[] = [
  {
    when: "a slot is missed in time",
    change: ended({ state: "missed", changedAt: minutes(44) }),
    says: /missed, and was not too late/,
  },
  {
    when: "a slot is missed that a run could have served",
    change: ended({ state: "missed", changedAt: minutes(46) }),
    says: /left alone by run-1, and nothing was in its way/,
  },
  {
    when: "a slot is missed for a newer one that came due only later",
    change: {
      ...ended({ state: "missed", changedAt: minutes(46) }, { id: second, plannedAt: minutes(47) }),
    },
    says: /left alone by run-1/,
  },
  {
    when: "a slot waits when it is too late",
    change: { ...ended({ state: "waiting" }), ...hindered() },
    says: /waits, although it is too late/,
  },
  {
    when: "a slot waits for a breaker that stands no more",
    change: { ...ended({ state: "waiting", reason: "X rests; since" }), ...hindered(), ...standing(minutes(119)) },
    says: /waits, although it is too late/,
  },
  {
    when: "a slot waits for another reason than the breaker that stands",
    change: { ...ended({ state: "waiting" }), ...hindered(), ...standing() },
    says: /waits, although it is too late/,
  },
  {
    when: "a slot that is worth a post at any time waits for nothing",
    change: { ...withClient({ lateThen: "post" }), ...ended({ state: "waiting" }) },
    says: /left alone by run-1/,
  },
  {
    when: "a slot is skipped although its model answered",
    change: ended({ state: "skipped" }),
    says: /is skipped, and nothing was in its way in run-1/,
  },
  {
    when: "a slot is a dead letter although nothing failed",
    change: ended({ state: "dead" }),
    says: /dead letter, and nothing was in its way/,
  },
];

test.for(planted)("promise 2 is broken when $when", ({ change, says }) => {
  expect(checkNotLost(evidence(change)).broken.join("\n")).toMatch(says);
});

const newer = { id: second, plannedAt: minutes(10) };
const standsStill: readonly { when: string; change: Partial<Evidence> }[] = [
  {
    when: "missed too late, with something in the way of the run",
    change: { ...ended({ state: "missed" }), ...hindered() },
  },
  {
    when: "missed too late, with something in everybody's way",
    change: { ...ended({ state: "missed" }), ...hindered("*") },
  },
  {
    when: "missed too late, with its only run near the end of its window",
    change: { ...ended({ state: "missed" }), ...ranAt(43) },
  },
  {
    when: "missed too late, with its only run crashed",
    change: { ...ended({ state: "missed" }), ...ranAt(4, "crashed") },
  },
  {
    when: "missed too late, with another run at work on it",
    change: {
      ...ended({ state: "missed" }),
      ...withJournal(({ claimed }) => claimed.splice(0, 1, { run: "run-0", client: "acme", claimedAt: minutes(-5) })),
    },
  },
  {
    when: "missed too late, with a send less than the gap before",
    change: {
      ...ended({ state: "missed" }),
      intents: [{ slot: "acme/x", client: "acme", run: "run-0", armedAt: minutes(-20) }],
    },
  },
  {
    when: "missed for a newer one",
    change: { ...ended({ state: "missed", changedAt: minutes(11) }, newer), ...ranAt(11) },
  },
  { when: "waiting in its window", change: { ...ended({ state: "waiting" }), ...hindered(), lastTickAt: minutes(45) } },
  {
    when: "waiting for a breaker that stands",
    change: { ...ended({ state: "waiting", reason: "X rests; since" }), ...hindered(), ...standing(minutes(121)) },
  },
  {
    when: "waiting for a halt of its client",
    change: {
      ...ended({ state: "waiting", reason: "halted: X rests" }),
      ...hindered(),
      ...standing(undefined, "acme"),
    },
  },
  { when: "skipped after trouble", change: { ...ended({ state: "skipped" }), ...hindered() } },
  { when: "dead after trouble", change: { ...ended({ state: "dead" }), ...hindered() } },
];

test.for(standsStill)("a slot is not lost when it is $when", ({ change }) => {
  expect(judgePromises(evidence(change))[1]?.broken.filter((line) => line.startsWith(`${id} `))).toEqual([]);
});

function ranAt(after: number, state: "done" | "crashed" = "done"): Partial<Evidence> {
  return withJournal((journal) => {
    journal.runs = [{ id: "run-1", startedAt: minutes(after), ended: state }];
  });
}

test("a calm month in which every slot is missed is no kept promise", () => {
  const verdict = judgePromises(evidence(ended({ state: "missed" })))[1];
  expect(verdict).toMatchObject({ verdict: "fail", cases: 1 });
});

test("a slot that jitter moved behind the last tick may be recorded already", () => {
  const { slots } = ended({ state: "waiting" });
  const change = { owed: [], posts: [], slots: slots as Evidence["slots"] };
  const ahead = evidence().owed;
  expect(judgePromises(evidence({ ...change, ahead }))[1]?.broken).toEqual([]);
  expect(judgePromises(evidence(change))[1]?.broken).toEqual([`${id} is in the ledger and in no schedule`]);
});
