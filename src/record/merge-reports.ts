import { counted } from "./format.ts";
import { list, paragraph, text } from "./markdown.ts";
import type { RunReport, SlotReport } from "./report.ts";
import { reportLimits } from "./report-limits.ts";
import { serialise } from "./serialise.ts";
import { mergeBySlot, sumTotals } from "./totals.ts";

/** What `run --report` writes: the report of one run, with what only its own summary would have said. */
export interface ReportFile extends RunReport {
  /** The range of hashes that the run served; missing when it served every client. */
  shard?: string;
  notes: readonly string[];
}

export interface Merged {
  /** Missing when there is nothing to merge. */
  report?: RunReport;
  /** Shards that were started and of which nothing is known. */
  missing: readonly string[];
  notes: readonly string[];
}

/** Ids of runs in one sentence of the summary, which shows 300 characters of it. */
const idsPerNote = 6;

/**
 * The report as the job that merges takes it. Notes join what people gave as reasons, and a model's server says how many
 * tokens it took: neither has an end of its own, and a report that is refused says nothing of any of its slots.
 */
export function reportFile(
  report: RunReport,
  { shard, notes }: { shard: unknown; notes: readonly string[] },
): ReportFile {
  return {
    ...report,
    slots: report.slots.map(fitting),
    ...(typeof shard === "string" && { shard }),
    notes: notes.slice(0, reportLimits.notes).map((note) => cut(note, reportLimits.noteLength)),
  };
}

function fitting(slot: SlotReport): SlotReport {
  return {
    ...slot,
    ...(slot.text !== undefined && { text: cut(slot.text, reportLimits.textLength) }),
    tokens: Math.min(slot.tokens, reportLimits.amount),
    costUsd: Math.min(slot.costUsd, reportLimits.amount),
    latenessSeconds: Math.min(slot.latenessSeconds, reportLimits.amount),
  };
}

function cut(words: string, maxLength: number): string {
  return words.length <= maxLength ? words : `${words.slice(0, maxLength - 1).toWellFormed()}…`;
}

/**
 * One report of many: a slot that two of them name counts once, totals are summed, and the runtime is the longest one.
 * @param expected The shards that were started; each one without a report is named in the notes.
 * @param run The workflow run that they are parts of.
 */
export function mergeReports(
  reports: readonly ReportFile[],
  { expected, run }: { expected: readonly string[]; run: Pick<RunReport["run"], "id" | "commit"> },
): Merged {
  const told = new Set(reports.map(({ shard }) => shard));
  const missing = expected.filter((shard) => !told.has(shard));
  // By their end, since the last outcome of a slot holds. Instants are all in UTC, so their texts have their order.
  const inOrder = reports.toSorted((one, other) => (one.run.finishedAt < other.run.finishedAt ? -1 : 1));
  const notes = [
    ...missing.map((shard) => `Shard ${shard} left no report: its clients are picked up by the next tick.`),
    ...new Set(inOrder.flatMap((report) => report.notes)),
    ...runNotes(inOrder.map((report) => report.run.id)),
  ];
  const [first] = inOrder;
  const last = inOrder.at(-1);
  if (first === undefined || last === undefined) return { missing, notes };
  const startedAt = inOrder.map((report) => report.run.startedAt).sort()[0] ?? first.run.startedAt;
  const slots = mergeBySlot(inOrder.flatMap((report) => report.slots));
  const runtimeSeconds = Math.max(...inOrder.map(({ totals }) => totals.runtimeSeconds));
  // Every shard tells of the halt of everything.
  const halts = new Map(inOrder.flatMap((one) => (one.halts ?? []).map((halt) => [halt.scope, halt] as const)));
  const report: RunReport = {
    run: { ...run, mode: first.run.mode, startedAt, finishedAt: last.run.finishedAt },
    slots,
    totals: sumTotals(slots, runtimeSeconds),
    ...(halts.size > 0 && { halts: [...halts.values()] }),
  };
  return { report, missing, notes };
}

/** What stands above the merged summary when a part of it is missing; nothing when it is whole. */
export function renderMissing({ missing, report, notes }: Merged, expected: number): string {
  if (report === undefined) {
    const sentence = "❌ No shard left a report. What was sent is in the ledger, and the next tick goes on from there.";
    return serialise([{ node: paragraph(text(sentence)) }, { node: list(notes), more: "see the jobs" }], 100_000);
  }
  if (missing.length === 0) return "";
  return `❌ ${missing.length} of ${counted(expected, "shard")} left no report: what follows is the work of the others.\n\n`;
}

function runNotes(ids: readonly string[]): string[] {
  const chunks = Array.from({ length: Math.ceil(ids.length / idsPerNote) }, (_, n) =>
    ids.slice(n * idsPerNote, (n + 1) * idsPerNote),
  );
  return chunks.map((chunk) => `Merged from ${chunk.join(", ")}.`);
}
