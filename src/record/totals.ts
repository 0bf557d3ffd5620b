import type { Cause } from "../terms.ts";
import type { OutcomeCounts, SlotReport, Totals } from "./report.ts";

/** Causes that mean the slot was tried and something broke, whatever became of it. */
const failures: ReadonlySet<Cause> = new Set([
  "config",
  "unavailable",
  "rejected",
  "out-of-credit",
  "outcome-unknown",
  "no-text",
  "credentials",
  "wrong-account",
  "account",
  "content",
  "sent-twice",
]);

/** Counts and sums over all slots and over each client's. */
export function sumTotals(reports: readonly SlotReport[], runtimeSeconds: number): Totals {
  const counts = countOutcomes(reports);
  const attempted = counts.posted + counts.failed;
  return {
    ...counts,
    attempted,
    errorRate: attempted === 0 ? 0 : Math.round((counts.failed / attempted) * 10_000) / 10_000,
    queueDepth: reports.filter(waitsForRateLimit).length,
    runtimeSeconds: Math.round(runtimeSeconds * 1000) / 1000,
    perClient: countPerClient(reports),
  };
}

/** A slot that is named twice counts once: its last outcome holds, its costs add up. */
export function mergeBySlot(reports: readonly SlotReport[]): readonly SlotReport[] {
  const bySlot = new Map<string, SlotReport>();
  for (const report of reports) {
    const earlier = bySlot.get(report.slot);
    bySlot.set(report.slot, earlier === undefined ? report : { ...report, ...sumSpend([earlier, report]) });
  }
  return [...bySlot.values()];
}

/** Dollars to the millionth. */
export function roundUsd(usd: number): number {
  return toMicroUsd(usd) / 1_000_000;
}

function countPerClient(reports: readonly SlotReport[]): Record<string, OutcomeCounts> {
  const groups = Map.groupBy(reports, ({ client }) => client);
  // fromEntries defines own properties, so that a client named __proto__ is a client like any other.
  return Object.fromEntries([...groups].map(([client, slots]) => [client, countOutcomes(slots)]));
}

function countOutcomes(reports: readonly SlotReport[]): OutcomeCounts {
  const counts = { posted: 0, skipped: 0, missed: 0, deferred: 0, unknown: 0, dead: 0, failed: 0 };
  for (const report of reports) {
    counts[report.outcome] += 1;
    if (hasFailed(report)) counts.failed += 1;
  }
  return { ...counts, ...sumSpend(reports) };
}

function hasFailed({ outcome, cause }: SlotReport): boolean {
  if (outcome === "dead" || outcome === "unknown") return true;
  // A missed slot was never tried.
  return (outcome === "skipped" || outcome === "deferred") && cause !== undefined && failures.has(cause);
}

/** The other deferred slots wait for money, for their turn, or for a service to answer. */
function waitsForRateLimit({ outcome, cause }: SlotReport): boolean {
  return outcome === "deferred" && (cause === undefined || cause === "rate-limited" || cause === "backing-off");
}

function sumSpend(reports: readonly SlotReport[]): { tokens: number; costUsd: number } {
  let tokens = 0;
  let microUsd = 0;
  for (const report of reports) {
    tokens += report.tokens;
    microUsd += toMicroUsd(report.costUsd);
  }
  return { tokens, costUsd: microUsd / 1_000_000 };
}

function toMicroUsd(usd: number): number {
  return Math.round(usd * 1_000_000);
}
