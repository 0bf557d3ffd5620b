import type { RunReport } from "./report.ts";

/** The outputs of the workflow step that ran the tick: counts, dollars with six decimals, and where the summary lies. */
export function stepOutputs({ totals }: RunReport, summaryPath: string): Record<string, string> {
  return {
    posted: String(totals.posted),
    failed: String(totals.failed),
    dead: String(totals.dead),
    "queue-depth": String(totals.queueDepth),
    "cost-usd": totals.costUsd.toFixed(6),
    summary: summaryPath,
  };
}
