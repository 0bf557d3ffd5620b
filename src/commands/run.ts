import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadWorkspace } from "../clients/load.ts";
import { PostingError, UserError } from "../errors.ts";
import { stepOutputs } from "../record/outputs.ts";
import { tellWarningsOnce } from "../record/repeats.ts";
import { renderStop, renderSummary } from "../record/summary.ts";
import { terminalSummary } from "../record/terminal.ts";
import type { SummaryContext } from "../record/verdict.ts";
import { runTick, type TickResult } from "../run.ts";
import { openServices, type Services } from "../services.ts";
import type { Settings } from "../settings.ts";
import type { Workspace } from "../terms.ts";
import type { Tick } from "../tick.ts";
import { type Context, jsonLine, usableSettings } from "./context.ts";
import { identifyRun } from "./identify-run.ts";

/** One tick. Exits 1 for configuration problems, new dead letters and bugs; having nothing to do, or deferring, is fine. */
export async function run(context: Context): Promise<number> {
  const startedMs = performance.now();
  const settings = usableSettings(context);
  for (const secret of secretsIn(settings)) hide(context, secret);
  const workspace = await loadWorkspace(context.arguments.root);
  context.host?.annotate(workspace.problems);
  assertUsable(workspace, settings, context);
  const services = await openServices({ ...context, settings, onSecret: (secret) => hide(context, secret) });
  try {
    const tick = await openTick({ context, workspace, services, startedMs });
    const result = await runTick(tick);
    const { problems, broken } = workspace;
    const { next, lastPost, notes } = result;
    await report(context, result, {
      problems,
      broken,
      notes: [...services.notes(), ...notes],
      ...(next && { next }),
      ...(lastPost && { lastPost }),
    });
    return exitCode(result, workspace);
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
}): Promise<Tick> {
  const { context, workspace, services, startedMs } = input;
  const { client: only, "dry-run": dryRun } = context.arguments.flags;
  const stop = new AbortController();
  context.stopping.addEventListener("abort", () => stop.abort("the run was asked to stop"), { once: true });
  return {
    workspace,
    clients: new Map(workspace.clients.map((client) => [client.id, client])),
    services,
    run: { ...(await identifyRun(context.environment)), mode: services.mode, startedAt: services.clock() },
    ...(typeof only === "string" && { only }),
    dryRun: dryRun === true,
    log: tellWarningsOnce(context.log),
    stop,
    startedMs,
  };
}

function assertUsable(workspace: Workspace, settings: Settings, { arguments: { flags }, environment }: Context): void {
  const { client } = flags;
  if (
    typeof client === "string" &&
    !workspace.clients.some(({ id }) => id === client) &&
    !workspace.broken.has(client)
  ) {
    throw new UserError(`there is no client ${client}: clients/${client}.yaml does not exist`, 2);
  }
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
    arguments: { json },
  } = context;
  const markdown = renderSummary(result.report, around);
  const file = join(stateDirectory, "summary.md");
  if (host === undefined) {
    await mkdir(stateDirectory, { recursive: true });
    await writeFile(file, markdown);
  } else {
    await host.writeSummary(markdown);
    await host.setOutputs(stepOutputs(result.report, context.environment.GITHUB_STEP_SUMMARY ?? ""));
  }
  write(json ? jsonLine(result.report) : terminalSummary(result.report, around));
}

/** The tick could not go on. What it had done until then is in the ledger, and the next tick goes on from there. */
async function reportStop({ host, write, arguments: { json } }: Context, reason: string): Promise<void> {
  await host?.writeSummary(renderStop(reason));
  write(json ? jsonLine({ error: reason }) : renderStop(reason));
}

function exitCode({ report, bugs }: TickResult, { problems }: Workspace): number {
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
