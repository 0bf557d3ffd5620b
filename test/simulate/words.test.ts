import { expect, test } from "vitest";
import { calendarOf, latenessBySlot } from "../../src/simulate/calendar.ts";
import { latenessFigures, outcomeOf } from "../../src/simulate/outcome.ts";
import { outcomeLines } from "../../src/simulate/words.ts";
import { exampleClient } from "../due/examples.ts";
import { evidence, id, minutes, post, row } from "./evidence-double.ts";

const simulation = { from: "2026-11-21T00:00:00Z", days: 1, seed: "1", faults: "calm", clients: 1, notes: ["A note."] };
const x = { storms: [], unauthorized: [], credit: [], refused: [], blocked: [] };
const timetable = { ticks: [], missed: 3, late: 1, silent: [], ledgerGone: [], limiterGone: [], x };

test("the calendar shows the gravest of each day and counts the rest", () => {
  const states = ["posted", "posted", "missed", "skipped", "dead", "waiting", "unseen"];
  const slots = states.map((state, index) => row({ id: `acme/2026-11-2${index}T09:00`, state, reason: "why" }));
  const owed = slots.map((slot) => ({ id: slot.id, client: "acme", plannedAt: slot.plannedAt }));
  const seen = new Map(slots.slice(0, 6).map((slot) => [slot.id, slot]));
  const late = post({ slot: "acme/2026-11-21T09:00", createdAt: minutes(40) });
  const planted = evidence({ owed, slots: seen, posts: [post({ slot: "acme/2026-11-20T09:00" }), late] });
  const [calendar] = calendarOf(planted);
  expect(calendar?.total).toEqual({ posted: 2, late: 1, missed: 1, skipped: 1, dead: 1, open: 2 });
  const lines = outcomeLines(outcomeOf(simulation, planted, timetable));
  expect(lines).toContain("acme    1lmsDoo       2    1      1       1    1    2");
  expect(lines.filter((line) => line.startsWith("FAIL"))).not.toEqual([]);
});

test("a long calendar is cut to what fits, and says so", () => {
  const clients = Array.from({ length: 70 }, (_, index) => exampleClient({}, { id: `c${index}` }));
  const owed = Array.from({ length: 40 }, (_, day) => {
    const date = new Date(Date.UTC(2026, 10, 21 + day));
    return { id: `c0/${date.toISOString().slice(0, 10)}T09:00`, client: "c0", plannedAt: date };
  });
  const planted = evidence({ clients: new Map(clients.map((client) => [client.id, client])), owed, slots: new Map() });
  const lines = outcomeLines(outcomeOf(simulation, planted, timetable));
  expect(lines.filter((line) => /^c\d+ /.test(line))).toHaveLength(60);
  expect(lines).toContain("(10 more clients with less trouble; --json has all)");
  expect(lines).toContain("(5 later days not shown; --json has all)");
  expect(lines.some((line) => /^ {6}and \d+ more$/.test(line))).toBe(true);
});

test("lateness is by nearest rank", () => {
  expect(latenessFigures([])).toEqual({ posts: 0, p50Seconds: 0, p95Seconds: 0, maxSeconds: 0 });
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(latenessFigures(hundred)).toEqual({ posts: 100, p50Seconds: 50, p95Seconds: 95, maxSeconds: 100 });
  expect(latenessBySlot(evidence())).toEqual(new Map([[id, 300]]));
});

test("figures are told in words, and whatever came from outside stays on its line", () => {
  const planted = evidence();
  planted.journal.runs.push({
    id: "run-2",
    startedAt: minutes(9),
    ended: "stopped",
    why: "no\n::error::ledger \u001b[2J",
  });
  planted.journal.crashes.set("after send", 2);
  planted.journal.faults.set("X: reset", 1200);
  planted.journal.rested.set("X", 3);
  for (const limit of [3, 4]) {
    planted.journal.refusals.push({ run: "run-1", slot: id, reason: `budget: ${limit} posts a day are used up` });
  }
  planted.journal.refusals.push({ run: "run-1", slot: id, reason: "budget: $0.25 a month would be passed" });
  const lines = outcomeLines(outcomeOf(simulation, planted, timetable));
  expect(lines).toContain("Posts: 1; lateness p50 5 min, p95 5 min, max 5 min");
  expect(lines).toContain("Spend: $0.016 in the ledger; charged: model $0.001, X $0.015; most: acme $0.016");
  expect(lines).toContain("Ticks: 3 due, 3 never ran, 1 late; runs: done 1, stopped 1");
  expect(lines).toContain("Faults: X: reset 1,200");
  expect(lines).toContain("Crashes: after send 2");
  expect(lines).toContain("Budgets refused 3 times: a month would be passed 1, posts a day are used up 2");
  expect(lines).toContain("Runs that began while something rested: X 3");
  expect(lines).toContain("Stopped 1 time: no ::error::ledger \\u001b[2J");
  expect(lines).toContain("pass   1 Never twice: 1 case (posts on X, of 1 send)");
});

test("a promise without a case is told as not shown, with what that says", () => {
  const lines = outcomeLines(outcomeOf(simulation, evidence({ owed: [], slots: new Map(), posts: [] }), timetable));
  expect(lines).toContain("not shown   1 Never twice: 0 cases (posts on X, of 1 send)");
  expect(lines.at(-1)).toBe("5 promises not shown: nothing was owed.");
  const owed = outcomeLines(outcomeOf(simulation, evidence({ posts: [] }), timetable));
  expect(owed.at(-1)).toBe("4 promises not shown: 1 post owed, and none of them shows it.");
});
