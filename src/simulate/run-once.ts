import { PostingError } from "../errors.ts";
import { renderStop, renderSummary } from "../record/summary.ts";
import { terminalSummary } from "../record/terminal.ts";
import { runTick, type TickResult } from "../run.ts";
import type { Services } from "../services.ts";
import type { Workspace } from "../terms.ts";
import type { Tick } from "../tick.ts";
import { openLog } from "../vendors/log.ts";
import { drawCrash, openPassage } from "./crash.ts";
import { calm, type Faults } from "./faults.ts";
import { everyone, hinder, type Journal, tally } from "./journal.ts";
import { openRunServices, type Run } from "./run-services.ts";
import type { World } from "./world.ts";

/** One run of the real tick against the simulated world; afterwards nothing of it is on its way any more. */
export async function runOnce(world: World, id: string, options: { isQuiet: boolean }): Promise<void> {
  const { journal, time, draws } = world;
  const faults = options.isQuiet ? calm : world.faults;
  const crash = drawCrash(faults.crashes, id, draws);
  const passage = openPassage({ time, journal, crash });
  const log = openLog({ stream: { write: (text) => watchLines(world, text, id) } });
  const unpriced = drawUnpriced(world, faults, id);
  if (unpriced !== undefined) hinder(journal, id, everyone);
  const run: Run = { id, world, faults, passage, unpriced, hide: (secret) => log.hide([secret]) };
  const services = openRunServices(run);
  const startedAt = time.clock();
  const tick: Tick = {
    workspace: pricedWithout(world.workspace, unpriced),
    clients: world.clients,
    services,
    run: { id, commit, mode: services.mode, startedAt },
    dryRun: false,
    log,
    stop: new AbortController(),
    startedMs: process.uptime() * 1000,
  };
  const ended = runTick(tick).then(
    (result) => finish(world, { id, services, result }),
    (error: unknown) => stopped(world, id, error),
  );
  const outcome = await Promise.race([ended, passage.died.then(() => ({ ended: "crashed" as const }))]);
  if (tick.stop.signal.aborted && journal.faults.size > 0) hinder(journal, id, everyone);
  journal.runs.push({ id, startedAt, ...outcome });
}

/** Stands for the commit of the client and prompt files in receipts. */
const commit = "simulated";

type Ended = Pick<Journal["runs"][number], "ended" | "why">;

function drawUnpriced({ draws, workspace, journal }: World, faults: Faults, id: string): string | undefined {
  const models = [...workspace.prices.models.keys()];
  if (models.length === 0 || !draws.chance(faults.model.unpriced, "unpriced", id)) return undefined;
  tally(journal.faults, "model: without a price");
  return models[Math.floor(draws.unit("unpriced model", id) * models.length)];
}

function pricedWithout(workspace: Workspace, model: string | undefined): Workspace {
  if (model === undefined) return workspace;
  const models = new Map([...workspace.prices.models].filter(([name]) => name !== model));
  return { ...workspace, prices: { ...workspace.prices, models } };
}

/** What the run command would write, looked through. */
function finish(world: World, { id, services, result }: { id: string; services: Services; result: TickResult }): Ended {
  const { watch, workspace } = world;
  const { next, lastPost, notes, report, bugs } = result;
  const around = {
    problems: workspace.problems,
    broken: workspace.broken,
    notes: [...services.notes(), ...notes],
    ...(next && { next }),
    ...(lastPost && { lastPost }),
  };
  if (report.slots.length > 0) {
    watch.summary(renderSummary(report, around), `summary of ${id}`);
    watchLines(world, terminalSummary(report, around), `output of ${id}`);
  }
  return bugs > 0 ? { ended: "bug", why: `${bugs} unexpected errors` } : { ended: "done" };
}

function stopped({ watch }: World, id: string, error: unknown): Ended {
  if (!(error instanceof PostingError)) return { ended: "bug", why: error instanceof Error ? (error.stack ?? "") : "" };
  watch.summary(renderStop(error.message), `summary of ${id}`);
  return { ended: "stopped", why: error.message };
}

function watchLines({ watch }: World, text: string, where: string): void {
  for (const line of text.trimEnd().split("\n")) watch.line(line, where);
}
