import type { Draws } from "./draws.ts";
import type { Faults, Spells } from "./faults.ts";

/** From an instant up to, and without, another one. */
export interface Spell {
  from: Date;
  until: Date;
}

/** One or more runs that start at the same instant. */
export interface PlannedTick {
  dueAt: Date;
  startsAt: Date;
  runs: number;
}

/** What happens when, before anything of it is simulated. */
export interface Timetable {
  ticks: readonly PlannedTick[];
  /** Ticks that the schedule names and that never start. */
  missed: number;
  late: number;
  silent: readonly Spell[];
  ledgerGone: readonly Spell[];
  limiterGone: readonly Spell[];
  x: XSpells;
}

/** When X answers everything, or everything of one client, in one way. */
export type XSpells = Readonly<Record<"storms" | "unauthorized" | "credit" | "refused" | "blocked", readonly Spell[]>>;

const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * Ticks at the end without any fault, over 16 hours: X may rest for 12 of them, and then there must be time for two reads, a
 * second send and two more reads of an unclear one.
 */
const quietTicks = 60;
const quietMinutes = 16;

/** Draws the timetable of so many days. The first tick comes at once and is sound; the last ones are, too. */
export function drawTimetable(input: { faults: Faults; draws: Draws; from: Date; days: number }): Timetable {
  const { faults, draws, from, days } = input;
  const spells = (name: string, spec: Spells) => drawSpells({ name, spec, draws, from, days });
  const silent = spells("silent", faults.ticks.silent);
  const until = new Date(from.getTime() + days * dayMs);
  const named = dueInstants(faults.ticks.minutes, from, until);
  const started = named.flatMap((dueAt) => drawTick(dueAt, { faults, draws, silent }) ?? []);
  const quiet = Array.from({ length: quietTicks }, (_, index) => {
    const at = new Date(until.getTime() + (index + 1) * quietMinutes * minuteMs);
    return { dueAt: at, startsAt: at, runs: 1 };
  });
  const inTime = started.filter(({ startsAt }) => startsAt < until);
  return {
    ticks: [{ dueAt: from, startsAt: from, runs: 1 }, ...inTime.toSorted(byStart), ...quiet],
    missed: named.length - inTime.length,
    late: inTime.filter(({ dueAt, startsAt }) => startsAt > dueAt).length,
    silent,
    ledgerGone: spells("ledger", faults.ledger.gone),
    limiterGone: spells("limiter", faults.limiter.gone),
    x: {
      storms: spells("storm", faults.x.storms),
      unauthorized: spells("unauthorized", faults.x.unauthorized),
      credit: spells("credit", faults.x.credit),
      refused: spells("refused", faults.x.refused),
      blocked: spells("blocked", faults.x.blocked),
    },
  };
}

/** The spell that holds an instant. */
export function spellAt(spells: readonly Spell[], instant: Date): Spell | undefined {
  return spells.find(({ from, until }) => from <= instant && instant < until);
}

function drawTick(
  dueAt: Date,
  { faults: { ticks }, draws, silent }: { faults: Faults; draws: Draws; silent: readonly Spell[] },
): PlannedTick | undefined {
  const key = dueAt.toISOString();
  if (draws.chance(ticks.dropped, "dropped", key)) return undefined;
  const isLate = draws.chance(ticks.late.chance, "late", key);
  const lateMinutes = isLate ? draws.between(ticks.late.minutes, "late by", key) : 0;
  const startsAt = new Date(dueAt.getTime() + lateMinutes * minuteMs);
  if (spellAt(silent, startsAt) !== undefined) return undefined;
  return { dueAt, startsAt, runs: draws.chance(ticks.tripled, "tripled", key) ? 3 : 1 };
}

/** Later than the first instant: that one has a tick of its own. */
function dueInstants(minutes: readonly number[], from: Date, until: Date): readonly Date[] {
  const instants: Date[] = [];
  const firstHour = Math.floor(from.getTime() / 3_600_000) * 3_600_000;
  for (let hour = firstHour; hour < until.getTime(); hour += 3_600_000) {
    for (const minute of minutes) {
      const at = new Date(hour + minute * minuteMs);
      if (at > from && at < until) instants.push(at);
    }
  }
  return instants;
}

/** None in the first hour, in which every client is seen for the first time. */
function drawSpells(input: { name: string; spec: Spells; draws: Draws; from: Date; days: number }): readonly Spell[] {
  const { name, spec, draws, from, days } = input;
  const spells: Spell[] = [];
  for (let day = 0; day < days; day += 1) {
    const rest = spec.daily % 1;
    const count = Math.floor(spec.daily) + (draws.chance(rest, name, "count", day) ? 1 : 0);
    for (let number = 0; number < count; number += 1) {
      const startMs = from.getTime() + day * dayMs + draws.unit(name, "start", day, number) * dayMs;
      const lengthMs = draws.between(spec.minutes, name, "length", day, number) * minuteMs;
      const begins = Math.max(startMs, from.getTime() + 60 * minuteMs);
      const ends = Math.min(begins + lengthMs, from.getTime() + days * dayMs);
      if (begins < ends) spells.push({ from: new Date(Math.trunc(begins)), until: new Date(Math.trunc(ends)) });
    }
  }
  return spells.toSorted((one, other) => one.from.getTime() - other.from.getTime());
}

function byStart(one: PlannedTick, other: PlannedTick): number {
  return one.startsAt.getTime() - other.startsAt.getTime() || one.dueAt.getTime() - other.dueAt.getTime();
}
