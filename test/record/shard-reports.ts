import { type ReportFile, reportFile } from "../../src/record/merge-reports.ts";
import type { HaltReport, SlotResult } from "../../src/record/report.ts";
import { buildReport } from "../../src/record/report.ts";
import { realRun } from "./examples.ts";

/** What a shard's run writes, with so many seconds of work. */
export function shardReport(input: {
  shard?: string;
  slots?: readonly SlotResult[];
  notes?: readonly string[];
  halts?: readonly HaltReport[];
  seconds?: number;
  startedAt?: string;
}): ReportFile {
  const { shard, slots = [], notes = [], halts = [], seconds = 38, startedAt = "2026-11-21T08:00:38Z" } = input;
  const begin = new Date(startedAt);
  const report = buildReport({
    run: { ...realRun, id: `run-1-${shard}`, startedAt: begin },
    finishedAt: new Date(begin.getTime() + seconds * 1000),
    runtimeSeconds: seconds,
    slots,
    halts,
  });
  return reportFile(report, { shard, notes });
}
