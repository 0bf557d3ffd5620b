import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadWorkspace } from "../clients/load.ts";
import { readShard } from "../due/shards.ts";
import { PostingError, UserError } from "../errors.ts";
import { openZones } from "../open-zones.ts";
import { stepOutputs } from "../record/outputs.ts";
import { tellWarningsOnce } from "../record/repeats.ts";
import { renderStop, renderSummary } from "../record/summary.ts";
import { terminalSummary } from "../record/terminal.ts";
import type { SummaryContext } from "../record/verdict.ts";
import { runTick, type TickResult } from "../run.ts";
import { openServices, type Services } from "../services.ts";
import type { Settings } from "../settings.ts";
import type { Only, Problem, Workspace } from "../terms.ts";
import type { Tick } from "../tick.ts";
import { type Context, jsonLine, usableSettings } from "./context.ts";
import { identifyRun } from "./identify-run.ts";
import { assertKnownClient } from "./known-client.ts";
import { announceSplit, splitOfRun } from "./split.ts";

/**
 * Minutes after which a tick starts nothing new. GitHub ends a step by a signal to its bash alone, and this process hears
 * nothing of it: so it has to be done by itself, reports and all, before the step's `timeout-minutes`.
 */
export const longestRunMinutes = 20;

/** One tick. Exits 1 for configuration problems, new dead letters and bugs; having nothing to do, or deferring, is fine. */
export async function run(context: Context, { longestMs = longestRunMinutes * 60_000 } = {}): Promise<number> {
  const startedMs = process.uptime() * 1000;
  const { flags } = context.arguments;
  const only = limitOf(flags);
  const settings = usableSettings(context);
  for (const secret of secretsIn(settings)) hide(context, secret);
  const cacheDirectory = join(context.stateDirectory, "cache");
  const workspace = await loadWorkspace(context.arguments.root, { cacheDirectory });
  // The job that splits the work tells what is wrong with the files: every shard would only tell it again.
  const { problems, broken } = flags.shard === undefined ? workspace : { problems: [], broken: new Set<string>() };
  context.host?.annotate(problems);
  assertUsable(workspace, settings, context);
  const services = await openServices({ ...context, settings, onSecret: (secret) => hide(context, secret) });
  try {
    const { zones, keep } = openZones(cacheDirectory);
    const tick = { ...(await openTick({ context, workspace, services, startedMs, only })), zones };
    // In real time, whatever `--now` says; it keeps no process alive.
    setTimeout(() => tick.stop.abort("this run has had its time"), longestMs).unref();
    const split = await splitOfRun(context, tick);
    if (split !== undefined) {
      await announceSplit(context, split);
      return 0;
    }
    const result = await runTick(tick);
    keep();
    const { next, lastPost, notes } = result;
    await report(context, result, {
      problems,
      broken,
      notes: [...services.notes(), ...notes],
      ...(next && { next }),
      ...(lastPost && { lastPost }),
    });
    return exitCode(result, problems);
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    await reportStop(context, error.message);
    return 1;
  } finally {
    await services.close();
  }
}

async function openTick(input: {
  context: Context;
  workspace: Workspace;
  services: Services;
  startedMs: number;
  only: Only | undefined;
}): Promise<Tick> {
  const { context, workspace, services, startedMs, only } = input;
  const { "dry-run": dryRun, shard } = context.arguments.flags;
  const { id, commit } = await identifyRun(context.environment, context.arguments.root);
  const stop = new AbortController();
  context.stopping.addEventListener("abort", () => stop.abort("the run was asked to stop"), { once: true });
  return {
    workspace,
    clients: new Map(workspace.clients.map((client) => [client.id, client])),
    services,
    run: {
      // The shards of one workflow run are runs of their own in the ledger: each one stores a report.
      id: shard === undefined ? id : `${id}-${shard}`,
      commit,
      mode: services.mode,
      startedAt: services.clock(),
    },
    ...(only && { only }),
    dryRun: dryRun === true,
    log: tellWarningsOnce(context.log),
    stop,
    startedMs,
  };
}

function limitOf({ client, shard, shards }: Context["arguments"]["flags"]): Only | undefined {
  if (shards === true && typeof shard === "string") {
    throw new UserError("--shards and --shard exclude each other: a shard is not split again", 2);
  }
  if (typeof client === "string" && typeof shard === "string") {
    throw new UserError("--client and --shard exclude each other: a client is served in its shard, or by itself", 2);
  }
  if (typeof shard === "string") return readShard(shard);
  return typeof client === "string" ? { client } : undefined;
}

function assertUsable(workspace: Workspace, settings: Settings, { arguments: { flags }, environment }: Context): void {
  const { client } = flags;
  if (typeof client === "string") assertKnownClient(workspace, client);
  // Green runs that reach nobody are how an account falls silent unnoticed.
  const forgotten = environment.GITHUB_ACTIONS === "true" && settings.x.kind === "sandbox";
  if (forgotten && workspace.clients.some(({ sealed, status }) => sealed !== undefined && status === "active")) {
    throw new UserError(
      "clients have sealed credentials, but X_APP_KEY is not set here: nothing would reach X. Add the secrets to the workflow's environment.",
    );
  }
}

/** Markdown for the job summary in Actions and in .clara/summary.md elsewhere; words or JSON on standard output. */
async function report(context: Context, result: TickResult, around: SummaryContext): Promise<void> {
  const {
    host,
    stateDirectory,
    write,
    arguments: { json, flags },
  } = context;
  const markdown = renderSummary(result.report, around);
  const file = join(stateDirectory, "summary.md");
  if (typeof flags.report === "string") {
    const { reportFile } = await import("../record/merge-reports.ts");
    writeFileSync(flags.report, jsonLine(reportFile(result.report, { shard: flags.shard, notes: around.notes })));
  } else if (host === undefined) {
    mkdirSync(stateDirectory, { recursive: true });
    writeFileSync(file, markdown);
  } else {
    await host.writeSummary(markdown);
    const outputs = stepOutputs(result.report, context.environment.GITHUB_STEP_SUMMARY ?? "");
    await host.setOutputs({ ...outputs, ...(flags.shards === true && { shards: "[]" }) });
  }
  write(json ? jsonLine(result.report) : terminalSummary(result.report, around));
}

/** The tick could not go on. What it had done until then is in the ledger, and the next tick goes on from there. */
async function reportStop({ host, write, arguments: { json } }: Context, reason: string): Promise<void> {
  await host?.writeSummary(renderStop(reason));
  write(json ? jsonLine({ error: reason }) : renderStop(reason));
}

function exitCode({ report, bugs }: TickResult, problems: readonly Problem[]): number {
  const misconfigured =
    problems.some(({ severity }) => severity === "error") || report.slots.some(({ cause }) => cause === "config");
  return misconfigured || bugs > 0 || report.totals.dead > 0 ? 1 : 0;
}

/** Keeps a secret out of the log, and in Actions out of whatever the step prints. */
export function hide({ log, host }: Context, secret: string): void {
  log.hide([secret]);
  host?.mask(secret);
}

/** Every secret that the settings hold. */
export function secretsIn({ ledger, limiter, model, x, identity }: Settings): readonly string[] {
  return [
    ...(ledger.kind === "real" ? [ledger.secretKey] : []),
    ...(limiter.kind === "real" ? [limiter.token] : []),
    ...(model.kind === "real" ? [model.apiKey] : []),
    ...(x.kind === "real" ? [x.appKey, x.appSecret] : []),
    ...(identity === undefined ? [] : [identity]),
  ];
}
