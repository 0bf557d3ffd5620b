import { planDue } from "../due/plan.ts";
import { clientsWithWork, hashClient, readSlotsPerJob, splitIntoShards } from "../due/shards.ts";
import type { Zones } from "../due/zones.ts";
import type { TickState } from "../ports.ts";
import { count, counted } from "../record/format.ts";
import type { Environment } from "../settings.ts";
import type { Workspace } from "../terms.ts";
import type { Tick } from "../tick.ts";
import { type Context, jsonLine } from "./context.ts";

/** How the work of a tick is divided. A client has one due slot at most, so clients with work count as slots. */
export interface Split {
  shards: readonly string[];
  slots: number;
  slotsPerJob: number;
}

/** Splits what the ledger says is due into shards; a single one means that one job can do it all. */
export function splitWork(input: {
  workspace: Workspace;
  state: TickState;
  now: Date;
  zones?: Zones;
  environment: Environment;
}): Split {
  const { workspace, state, now, zones, environment } = input;
  const slotsPerJob = readSlotsPerJob(environment.CLARA_SLOTS_PER_JOB);
  const working = clientsWithWork(planDue({ ...workspace, state, now, ...(zones && { zones }) }), state, now);
  const shards = splitIntoShards([...working].map(hashClient), slotsPerJob);
  return { shards, slots: working.size, slotsPerJob };
}

/** The split of `run --shards`; undefined when this run should do the work itself. */
export async function splitOfRun(
  { arguments: { flags }, environment }: Context,
  tick: Tick,
): Promise<Split | undefined> {
  const { workspace, services, only, dryRun, zones } = tick;
  // A ledger in the folder of one job is not there for the others.
  if (flags.shards !== true || only !== undefined || dryRun || services.mode.ledger === "sandbox") return undefined;
  // Then even all clients at once are small work, and the ledger need not be asked: an idle tick costs no call more.
  if (workspace.clients.length <= readSlotsPerJob(environment.CLARA_SLOTS_PER_JOB)) return undefined;
  const now = services.clock();
  const state = await services.ledger.readTick({ now });
  const split = splitWork({ workspace, state, now, environment, ...(zones && { zones }) });
  return split.shards.length === 1 ? undefined : split;
}

/** Prints the shards, and hands them to the jobs that wait for them; outside Actions it only prints. */
export async function announceSplit({ host, write, arguments: { json } }: Context, split: Split): Promise<void> {
  const { shards, slots, slotsPerJob } = split;
  await host?.setOutputs({ shards: JSON.stringify(shards), slots });
  const most = `${count(slotsPerJob)} for each job`;
  const lines = [`${counted(slots, "slot")} in ${counted(shards.length, "shard")}, ${most}`, ...shards];
  write(json ? jsonLine(split) : `${lines.join("\n")}\n`);
}
