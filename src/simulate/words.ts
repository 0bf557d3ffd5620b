import { count, counted, duration, money } from "../record/format.ts";
import { visible } from "../record/visible.ts";
import { type ClientCalendar, type DayCounts, lateAfterSeconds } from "./calendar.ts";
import type { SimulationOutcome } from "./outcome.ts";
import type { Verdict } from "./promises/verdict.ts";

/** Rows and columns of the calendar on a terminal; `--json` has all of it. */
const mostClients = 60;
const mostDays = 35;
/** Lines of evidence under a broken promise. */
const mostEvidence = 8;

/** The outcome as lines for a terminal. */
export function outcomeLines(outcome: SimulationOutcome): readonly string[] {
  const { simulation, promises } = outcome;
  const { from, days, seed, faults, clients } = simulation;
  const width = Math.max(...promises.map(({ verdict }) => shownAs[verdict].length));
  return [
    `${counted(days, "day")} from ${from} with ${counted(clients, "client")}, faults ${visible(faults)}, seed ${visible(seed)}`,
    ...simulation.notes,
    "",
    ...calendarLines(outcome.calendar),
    "",
    ...figureLines(outcome),
    "",
    ...promises.flatMap((one) => promiseLines(one, width)),
    ...notShown(outcome),
  ];
}

function calendarLines(calendar: readonly ClientCalendar[]): readonly string[] {
  const dates = [...new Set(calendar.flatMap(({ days }) => Object.keys(days)))].toSorted();
  const shown = dates.slice(0, mostDays);
  const rows = calendar.toSorted((one, other) => trouble(other.total) - trouble(one.total)).slice(0, mostClients);
  const named = new Set(rows.map(({ client }) => client));
  const width = Math.max(6, ...rows.map(({ client }) => client.length));
  const columns = ["posted", "late", "missed", "skipped", "dead", "open"] as const;
  const head = `${"client".padEnd(width)}  ${shown.map((date) => date.slice(8, 9)).join("")}`;
  const units = `${"".padEnd(width)}  ${shown.map((date) => date.slice(9)).join("")}  ${columns.join(" ")}`;
  const lines = calendar
    .filter(({ client }) => named.has(client))
    .map(({ client, days, total }) => {
      const cells = shown.map((date) => cell(days[date])).join("");
      const totals = columns.map((column) => String(total[column]).padStart(column.length)).join(" ");
      return `${client.padEnd(width)}  ${cells}  ${totals}`;
    });
  const left = [
    ...(rows.length < calendar.length
      ? [`${counted(calendar.length - rows.length, "more client")} with less trouble`]
      : []),
    ...(shown.length < dates.length ? [`${counted(dates.length - shown.length, "later day")} not shown`] : []),
  ];
  const legend = `· nothing owed, 1-9 posted, l some later than ${duration(lateAfterSeconds)}, s skipped, m missed, o open, D dead letter`;
  return [head, units, ...lines, ...left.map((line) => `(${line}; --json has all)`), legend];
}

/** The gravest of the day. */
function cell(day: DayCounts | undefined): string {
  if (day === undefined) return "·";
  if (day.dead > 0) return "D";
  if (day.open > 0) return "o";
  if (day.missed > 0) return "m";
  if (day.skipped > 0) return "s";
  if (day.late > 0) return "l";
  return day.posted > 9 ? "+" : String(day.posted);
}

function trouble({ missed, skipped, dead, open }: DayCounts): number {
  return missed + skipped + dead + open;
}

function figureLines({
  lateness,
  spend,
  ticks,
  refusals,
  rested,
  faults,
  crashes,
  stops,
}: SimulationOutcome): readonly string[] {
  const { total, clients } = spend;
  const { posts, p50Seconds, p95Seconds, maxSeconds } = lateness;
  const dearest = Object.entries(clients)
    .toSorted(([, one], [, other]) => other.ledgerUsd - one.ledgerUsd)
    .slice(0, 3);
  const costly = dearest.map(([id, { ledgerUsd }]) => `${id} ${money(ledgerUsd)}`).join(", ");
  const spent = `model ${money(total.modelUsd)}, X ${money(total.xUsd)}`;
  return [
    `Posts: ${count(posts)}; lateness p50 ${duration(p50Seconds)}, p95 ${duration(p95Seconds)}, max ${duration(maxSeconds)}`,
    `Spend: ${money(total.ledgerUsd)} in the ledger; charged: ${spent}${costly === "" ? "" : `; most: ${costly}`}`,
    `Ticks: ${count(ticks.due)} due, ${count(ticks.missed)} never ran, ${count(ticks.late)} late; runs: ${inWords(ticks.runs)}`,
    `Budgets refused ${counted(sum(refusals), "time")}${inBrackets(refusals)}`,
    `Runs that began while something rested: ${sum(rested) === 0 ? "none" : inWords(rested)}`,
    ...(Object.keys(faults).length > 0 ? [`Faults: ${inWords(faults)}`] : ["Faults: none"]),
    ...(Object.keys(crashes).length > 0 ? [`Crashes: ${inWords(crashes)}`] : []),
    ...Object.entries(stops).map(([why, times]) => `Stopped ${counted(times, "time")}: ${visible(why)}`),
  ];
}

function inWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, times]) => `${name} ${count(times)}`)
    .join(", ");
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, times) => total + times, 0);
}

function inBrackets(counts: Readonly<Record<string, number>>): string {
  return sum(counts) === 0 ? "" : `: ${inWords(counts)}`;
}

const shownAs = { pass: "pass", fail: "FAIL", "not shown": "not shown" } as const satisfies Record<
  Verdict["verdict"],
  string
>;

function promiseLines({ number, promise, verdict, looked, cases, broken }: Verdict, width: number): readonly string[] {
  const shown = broken.slice(0, mostEvidence).map((line) => `      ${visible(line)}`);
  const rest = broken.length - shown.length;
  return [
    `${shownAs[verdict].padEnd(width)}  ${String(number).padStart(2)} ${promise}: ${counted(cases, "case")} (${looked})`,
    ...shown,
    ...(rest > 0 ? [`      and ${count(rest)} more`] : []),
  ];
}

/** A promise without a case is neither kept nor broken, and whoever asked for a proof must not take it for one. */
function notShown({ promises, owed }: SimulationOutcome): readonly string[] {
  const open = promises.filter(({ verdict }) => verdict === "not shown").length;
  if (open === 0) return [];
  const why = owed === 0 ? "nothing was owed" : `${counted(owed, "post")} owed, and none of them shows it`;
  return ["", `${counted(open, "promise")} not shown: ${why}.`];
}
