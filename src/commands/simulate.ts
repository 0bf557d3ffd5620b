import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import { printable } from "../record/visible.ts";
import { asIfActive, castClients } from "../simulate/cast.ts";
import { seededDraws } from "../simulate/draws.ts";
import { gatherEvidence } from "../simulate/evidence.ts";
import type { Faults } from "../simulate/faults.ts";
import { bindLimits } from "../simulate/limits.ts";
import { exitCodeOf, outcomeOf, type SimulationOutcome } from "../simulate/outcome.ts";
import { readFaults } from "../simulate/read-faults.ts";
import { simulate as simulateTicks } from "../simulate/simulate.ts";
import { outcomeLines } from "../simulate/words.ts";
import type { Client, Workspace } from "../terms.ts";
import { type Context, jsonLine } from "./context.ts";

/**
 * Lets days pass in minutes: real ticks against sandboxes in memory, with faults on a seeded schedule. Reads the
 * workspace and nothing else: no state of earlier runs, no credentials. Exits 1 when a promise was broken or, although posts were
 * owed, not shown, or a run met an error that nobody expected.
 */
export async function simulate(context: Context): Promise<number> {
  const { arguments: given, environment, clock, migrationsDirectory, stopping, write } = context;
  const started = performance.now();
  const options = readOptions(given.flags);
  const faults = await readFaults(options.faults);
  const workspace = await loadWorkspace(given.root);
  const simulated = simulatedWorkspace(workspace, options, faults);
  const { clients } = simulated;
  const from = options.from ?? startOfDay(clock());
  const { days, seed } = options;
  const world = await simulateTicks({
    workspace: simulated,
    faults,
    seed,
    from,
    days,
    migrationsDirectory,
    stopping,
  });
  try {
    const notes = notesOn({ workspace, clients, cast: options.clients !== undefined, environment });
    const evidence = await gatherEvidence(world, from);
    const simulation = { from: from.toISOString(), days, seed, faults: options.faults, clients: clients.length, notes };
    const outcome = outcomeOf(simulation, evidence, world.timetable);
    const runtimeSeconds = Math.round((performance.now() - started) / 100) / 10;
    write(given.json ? jsonLine({ ...outcome, runtimeSeconds }) : inWords(outcome, runtimeSeconds));
    return exitCodeOf(outcome);
  } finally {
    await world.close();
  }
}

interface Options {
  days: number;
  /** Missing: the workspace's own. */
  clients?: number;
  from?: Date;
  seed: string;
  faults: string;
}

/** A year of a thousand clients would take hours. */
const most = { days: 366, clients: 1000 } as const;

function readOptions({ days, clients, from, seed, faults }: Context["arguments"]["flags"]): Options {
  const count = readCount("clients", clients, most.clients);
  const start = typeof from === "string" ? readFrom(from) : undefined;
  return {
    days: readCount("days", days, most.days) ?? 30,
    ...(count !== undefined && { clients: count }),
    ...(start !== undefined && { from: start }),
    seed: typeof seed === "string" ? seed : "1",
    faults: typeof faults === "string" ? faults : "calm",
  };
}

function readCount(name: string, value: string | boolean | undefined, limit: number): number | undefined {
  if (typeof value !== "string") return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= limit) return number;
  throw new UserError(`--${name} needs a whole number from 1 to ${limit}, not ${JSON.stringify(value)}`, 2);
}

function readFrom(value: string): Date {
  const instant = new Date(value);
  if (!Number.isNaN(instant.getTime()) && /(Z|[+-]\d\d:?\d\d)$/i.test(value)) return instant;
  throw new UserError(
    `--from needs an instant with its zone, such as 2026-12-01T00:00:00Z, not ${JSON.stringify(value)}`,
    2,
  );
}

function startOfDay(now: Date): Date {
  return new Date(`${now.toISOString().slice(0, 10)}T00:00:00Z`);
}

function simulatedWorkspace(workspace: Workspace, options: Options, faults: Faults): Workspace {
  const { clients } = workspace;
  if (clients.length === 0) throw new UserError("no client's file can be used: `npm start -- validate` shows why");
  if (options.clients === undefined) return { ...workspace, clients: asIfActive(clients) };
  const cast = castClients(clients, options.clients, seededDraws(options.seed));
  return bindLimits({ ...workspace, clients: cast }, { ...faults.budgets, days: options.days });
}

/** What differs from a real run, which a verdict on the promises must not hide. */
const standIns =
  "The real SDKs of the model, X and Supabase speak HTTP in memory; buckets in Postgres stand in for Upstash, whose library reads the machine's clock.";

/** Variables that would lead a real run to real services. */
const realServices = ["SUPABASE_URL", "UPSTASH_REDIS_REST_URL", "OPENAI_API_KEY", "X_APP_KEY", "CLARA_IDENTITY"];

function notesOn(input: {
  workspace: Workspace;
  clients: readonly Client[];
  cast: boolean;
  environment: Context["environment"];
}): readonly string[] {
  const { workspace, clients, cast, environment } = input;
  const set = realServices.filter((name) => environment[name]);
  const paused = clients.filter(({ status }) => status === "paused").length;
  return [
    cast
      ? "The clients are made from the workspace's own, with other ids, accounts, zones and times."
      : "The workspace's own clients, those in rehearsal as if they were active.",
    standIns,
    ...(paused > 0 ? [`${paused} paused: they owe nothing.`] : []),
    ...(workspace.broken.size > 0 ? [`${workspace.broken.size} left out, because their files have errors.`] : []),
    ...(set.length > 0 ? [`Not used, although set here: ${set.join(", ")}. Nothing leaves this machine.`] : []),
  ];
}

function inWords(outcome: SimulationOutcome, runtimeSeconds: number): string {
  const lines = [...outcomeLines(outcome), "", `Simulated in ${runtimeSeconds} s.`];
  return lines.map((line) => `${printable(line)}\n`).join("");
}
