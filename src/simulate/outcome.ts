import { type ClientCalendar, calendarOf, latenessBySlot } from "./calendar.ts";
import type { Evidence } from "./evidence.ts";
import { judgePromises } from "./promises/judge.ts";
import { billedUsd } from "./promises/price.ts";
import type { Verdict } from "./promises/verdict.ts";
import { budgetPrefix } from "./run-ledger.ts";
import type { Timetable } from "./timetable.ts";

/** Everything that `simulate --json` prints, but for the time it took. The same for the same seed. */
export interface SimulationOutcome {
  simulation: Simulation;
  promises: readonly Verdict[];
  /** Slots that the schedules owe. */
  owed: number;
  calendar: readonly ClientCalendar[];
  lateness: { posts: number; p50Seconds: number; p95Seconds: number; maxSeconds: number };
  spend: { total: Spent; clients: Readonly<Record<string, Spent>> };
  ticks: { due: number; missed: number; late: number; runs: Readonly<Record<string, number>> };
  /** Why budgets had no room, and how often. */
  refusals: Readonly<Record<string, number>>;
  /** What rested when a run began, and how often. */
  rested: Readonly<Record<string, number>>;
  faults: Readonly<Record<string, number>>;
  crashes: Readonly<Record<string, number>>;
  /** Why runs stopped or met a bug, and how many. */
  stops: Readonly<Record<string, number>>;
}

export interface Simulation {
  from: string;
  days: number;
  seed: string;
  faults: string;
  clients: number;
  notes: readonly string[];
}

/** In the ledger, and charged by the sandboxes of the model and of X; dollars. */
export interface Spent {
  ledgerUsd: number;
  modelUsd: number;
  xUsd: number;
}

export function outcomeOf(simulation: Simulation, evidence: Evidence, timetable: Timetable): SimulationOutcome {
  const { journal } = evidence;
  const due = timetable.ticks.length + timetable.missed;
  return {
    simulation,
    promises: judgePromises(evidence),
    owed: evidence.owed.length,
    calendar: calendarOf(evidence),
    lateness: latenessFigures([...latenessBySlot(evidence).values()]),
    spend: spendFigures(evidence),
    ticks: {
      due,
      missed: timetable.missed,
      late: timetable.late,
      runs: counts(journal.runs.map(({ ended }) => ended)),
    },
    refusals: counts(journal.refusals.map(({ reason }) => refusalWords(reason))),
    rested: sorted(journal.rested),
    faults: sorted(journal.faults),
    crashes: sorted(journal.crashes),
    stops: counts(journal.runs.flatMap(({ why }) => why ?? [])),
  };
}

/**
 * What a run of the command says by its exit code: 1 when a promise was broken, when a run met an error that nobody expected,
 * and when posts were owed and nothing shows that a promise was kept. Where nothing was owed nothing could be shown.
 */
export function exitCodeOf({ promises, ticks, owed }: Pick<SimulationOutcome, "promises" | "ticks" | "owed">): 0 | 1 {
  const isBroken = promises.some(({ verdict }) => verdict === "fail" || (verdict === "not shown" && owed > 0));
  return isBroken || Object.hasOwn(ticks.runs, "bug") ? 1 : 0;
}

/** Without the numbers: limits differ from client to client. */
function refusalWords(reason: string): string {
  return reason.replace(budgetPrefix, "").replace(/\$?[\d.]+ /g, "");
}

/** Nearest rank. */
export function latenessFigures(seconds: readonly number[]): SimulationOutcome["lateness"] {
  const ascending = seconds.toSorted((one, other) => one - other);
  const rank = (share: number) => Math.round(ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0);
  return { posts: seconds.length, p50Seconds: rank(0.5), p95Seconds: rank(0.95), maxSeconds: rank(1) };
}

function spendFigures(evidence: Evidence): SimulationOutcome["spend"] {
  const clients = Object.fromEntries([...evidence.clients.keys()].map((id) => [id, spentBy(evidence, id)]));
  const total = { ledgerUsd: 0, modelUsd: 0, xUsd: 0 };
  for (const spent of Object.values(clients)) {
    for (const key of ["ledgerUsd", "modelUsd", "xUsd"] as const) total[key] = rounded(total[key] + spent[key]);
  }
  return { total, clients };
}

function spentBy(evidence: Evidence, client: string): Spent {
  const months = evidence.spend.filter(({ scope, period }) => scope === client && period.length === 7);
  const { modelUsd, xUsd } = billedUsd(evidence, client);
  const ledgerUsd = months.reduce((sum, { usd }) => sum + usd, 0);
  return { ledgerUsd: rounded(ledgerUsd), modelUsd: rounded(modelUsd), xUsd: rounded(xUsd) };
}

/** Millionths of a dollar: sums then don't depend on their order. */
function rounded(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}

function counts(words: readonly string[]): Readonly<Record<string, number>> {
  return sorted(new Map([...Map.groupBy(words, (word) => word)].map(([word, list]) => [word, list.length])));
}

function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
