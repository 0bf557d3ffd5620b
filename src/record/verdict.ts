import type { Cause, Outcome, Problem, Slot } from "../terms.ts";
import { count, counted, duration, money, plannedTime } from "./format.ts";
import type { RunReport } from "./report.ts";

/** What stands around the report of a tick: what the files say, what happened to the services, and what comes next. */
export interface SummaryContext {
  problems: readonly Problem[];
  /** Sentences for the end of the summary, for example that Upstash did not answer. */
  notes: readonly string[];
  /** Ids of clients whose file has an error. */
  broken: ReadonlySet<string>;
  /** The slot that comes due next. */
  next?: Slot | undefined;
  /** The latest post of an earlier tick: why nothing may be due now. */
  lastPost?: { client: string; postedAt: Date } | undefined;
}

/** One sign per outcome, the same in every line and table. */
export const signs = {
  posted: "✅",
  skipped: "⏭",
  missed: "⌛",
  deferred: "⏸",
  unknown: "❓",
  dead: "❌",
} as const satisfies Record<Outcome, string>;

const outcomes = Object.keys(signs) as readonly Outcome[];

/** `✅ 41 posted · ⏭ 6 skipped · $0.18 · 38 s`; outcomes that no slot had are left out. */
export function verdictLine({ slots, totals }: RunReport): string {
  const shown = outcomes.filter((outcome) => outcome === "posted" || totals[outcome] > 0);
  const counts = shown.map((outcome) => `${signs[outcome]} ${count(totals[outcome])} ${outcome}`);
  const start = slots.length === 0 ? ["💤 Nothing was due"] : counts;
  return [...start, money(totals.costUsd), duration(totals.runtimeSeconds)].join(" · ");
}

/** Who has to act, and, where nothing was due, why and until when. */
export function verdictSentences(report: RunReport, context: SummaryContext): string {
  const idle = report.slots.length === 0 ? idleSentences(report, context) : [];
  return [...idle, personSentence(report, context)].join(" ");
}

/** `acme, beta: nothing is posted until …`; undefined when every file is right. */
export function brokenSentence(clients: string, broken: ReadonlySet<string>): string | undefined {
  if (broken.size === 0) return undefined;
  const files = broken.size === 1 ? "its file is mended" : "their files are mended";
  return `Nothing is posted until ${files}: ${clients}.`;
}

/** What answered each service, and the promise that goes with it where all are stand-ins. */
export function modeSentence({ run: { mode } }: RunReport): string {
  const services = Object.entries(mode);
  if (services.every(([, kind]) => kind === "sandbox")) return "Sandbox: nothing left this machine.";
  return `Services: ${services.map(([service, kind]) => `${service} ${kind}`).join(", ")}.`;
}

/** Where to look this tick up later. */
export function runSentence({ run }: RunReport): string {
  return `Run ${run.id} of commit ${run.commit}, started ${run.startedAt}.`;
}

function idleSentences({ run }: RunReport, { next, lastPost }: SummaryContext): string[] {
  const sentences: string[] = [];
  const startedAt = Date.parse(run.startedAt);
  if (lastPost !== undefined) {
    const ago = duration((startedAt - lastPost.postedAt.getTime()) / 1000);
    sentences.push(`The latest post went out ${ago} ago, for ${lastPost.client}.`);
  }
  if (next === undefined) return [...sentences, "No client has a slot ahead."];
  const ahead = duration((next.plannedAt.getTime() - startedAt) / 1000);
  return [...sentences, `Next: ${next.client} at ${plannedTime(next.id)} its local time, in ${ahead}.`];
}

/** Causes that no later tick cures by itself. */
const needsPerson: ReadonlySet<Cause> = new Set(["config", "credentials", "out-of-credit"]);

function personSentence({ totals, slots, halts = [] }: RunReport, { problems }: SummaryContext): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const stuck = slots.filter(({ outcome, cause }) => outcome === "deferred" && cause && needsPerson.has(cause)).length;
  const reasons = [
    ...(totals.dead > 0 ? [counted(totals.dead, "dead letter")] : []),
    ...(stuck > 0 ? [counted(stuck, "stuck slot")] : []),
    ...(errors > 0 ? [counted(errors, "configuration problem")] : []),
  ];
  const sentences = [
    ...(reasons.length === 0 ? [] : [`A person must look: ${reasons.join(" and ")}.`]),
    ...haltSentence(halts.length),
  ];
  return sentences.length === 0 ? "Nothing needs a person." : sentences.join(" ");
}

/** A halt is a person's own decision, and a forgotten one keeps an account silent for good. */
function haltSentence(halts: number): string[] {
  if (halts === 0) return [];
  return [
    halts === 1 ? "1 halt stands until a person lifts it." : `${count(halts)} halts stand until a person lifts them.`,
  ];
}
