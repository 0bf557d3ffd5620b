import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { loadWorkspace } from "../clients/load.ts";
import { isServed, readShard } from "../due/shards.ts";
import { nextSlot } from "../due/slots.ts";
import { UserError } from "../errors.ts";
import { type Merged, mergeReports, type ReportFile, renderMissing } from "../record/merge-reports.ts";
import { stepOutputs } from "../record/outputs.ts";
import { maxReportBytes, readReport } from "../record/read-report.ts";
import type { RunReport } from "../record/report.ts";
import { renderSummary } from "../record/summary.ts";
import { terminalSummary } from "../record/terminal.ts";
import type { SummaryContext } from "../record/verdict.ts";
import type { Workspace } from "../terms.ts";
import { type Context, jsonLine } from "./context.ts";
import { identifyRun } from "./identify-run.ts";

/** As many as a workflow run can have shards, and some. */
const maxFiles = 300;

/** Merges the reports of shards into one summary. Exits 1 as `run` does, and when a shard left no report. */
export async function report(context: Context): Promise<number> {
  const { flags, positionals, root } = context.arguments;
  const expected = readShards(flags.shards);
  const { reports, problems } = await readReports(await filesOf(positionals), expected);
  if (reports.length + problems.length + expected.length === 0) throw new UserError("there is no report to merge", 2);
  const found = mergeReports(reports, { expected, run: await identifyRun(context.environment, root) });
  const merged = { ...found, notes: [...problems, ...found.notes] };
  const workspace = await loadWorkspace(root);
  await tell(context, { merged, workspace, expected: expected.length });
  const whole = merged.missing.length + problems.length === 0;
  return whole && merged.report !== undefined && isFine(merged.report, workspace) ? 0 : 1;
}

async function tell(
  { host, environment, write, arguments: { json } }: Context,
  { merged, workspace, expected }: { merged: Merged; workspace: Workspace; expected: number },
): Promise<void> {
  const { report, notes } = merged;
  const headline = renderMissing(merged, expected);
  if (report === undefined) {
    await host?.writeSummary(headline);
    write(json ? jsonLine({ error: "no shard left a report", notes }) : headline);
    return;
  }
  const around = summaryContext(report, workspace, notes);
  await host?.writeSummary(headline + renderSummary(report, around));
  await host?.setOutputs(stepOutputs(report, environment.GITHUB_STEP_SUMMARY ?? ""));
  write(json ? jsonLine({ ...report, notes }) : headline + terminalSummary(report, around));
}

function summaryContext(
  report: RunReport,
  { problems, broken, clients }: Workspace,
  notes: readonly string[],
): SummaryContext {
  const ahead = clients.flatMap((client) => nextSlot(client, new Date(report.run.finishedAt)) ?? []);
  const [next] = ahead.sort((one, other) => one.plannedAt.getTime() - other.plannedAt.getTime());
  return { problems, broken, notes, ...(next && { next }) };
}

function isFine({ slots, totals }: RunReport, { problems }: Workspace): boolean {
  const misconfigured = problems.some(({ severity }) => severity === "error");
  return !misconfigured && totals.dead === 0 && !slots.some(({ cause }) => cause === "config");
}

/** @throws UserError with exit code 2 when it is no JSON array of shards. */
function readShards(text: string | boolean | undefined): readonly string[] {
  if (typeof text !== "string") return [];
  try {
    const shards: unknown = JSON.parse(text);
    if (Array.isArray(shards) && shards.every((shard) => typeof shard === "string")) {
      for (const shard of shards) readShard(shard);
      return shards;
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  throw new UserError('--shards is a JSON array of shards, such as ["00000000-7fffffff","80000000-ffffffff"]', 2);
}

/** The files named, and every .json in the folders named. A folder that is not there holds none: no shard left a report. */
async function filesOf(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) {
      if (found !== undefined) files.push(path);
      continue;
    }
    const names = (await readdir(path)).filter((name) => name.endsWith(".json"));
    files.push(...names.sort().map((name) => join(path, name)));
  }
  if (files.length > maxFiles) throw new UserError(`${files.length} files are more than ${maxFiles} reports`, 2);
  return files;
}

/** What the files say. A shard has one report: another one, or one about a shard that was not started, is not believed. */
async function readReports(
  files: readonly string[],
  expected: readonly string[],
): Promise<{ reports: readonly ReportFile[]; problems: readonly string[] }> {
  const reports: ReportFile[] = [];
  const problems: string[] = [];
  const known = new Set<string | undefined>();
  for (const file of files) {
    const read = await readFileOf(file);
    const problem = "problem" in read ? read.problem : whyStrange(read.report, expected, known);
    if (problem !== undefined) problems.push(`The file ${basename(file)} was left out: ${problem}.`);
    else if ("report" in read) {
      reports.push(read.report);
      known.add(read.report.shard);
    }
  }
  return { reports, problems };
}

async function readFileOf(file: string): Promise<ReturnType<typeof readReport>> {
  const found = await stat(file);
  if (!found.isFile() || found.size > maxReportBytes)
    return { problem: `it is no file of at most ${maxReportBytes} bytes` };
  return readReport(await readFile(file, "utf8"));
}

function whyStrange(
  { shard, slots }: ReportFile,
  expected: readonly string[],
  known: ReadonlySet<string | undefined>,
): string | undefined {
  if (shard === undefined) return expected.length > 0 ? "it is not of a shard" : undefined;
  if (expected.length > 0 && !expected.includes(shard)) return "its shard was not started by this run";
  if (known.has(shard)) return "its shard has another report";
  const range = readShard(shard);
  return slots.every(({ client }) => isServed(range, client)) ? undefined : "it names clients of another shard";
}
