import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import { run } from "../../src/commands/run.ts";
import { UserError } from "../../src/errors.ts";
import type { RunReport, SlotReport } from "../../src/record/report.ts";
import { actionsHost } from "../../src/vendors/actions.ts";
import { openLog } from "../../src/vendors/log.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { startServices, type TestServices } from "../support/services.ts";
import { createWorkspace, type TestClient, type TestWorkspace } from "../support/workspace.ts";

/** What one tick left behind for whoever started it. */
export interface TickSeen {
  /** What the process would end with; `main.ts` turns whatever is thrown into words and 1. */
  code: number;
  /** Missing when the tick broke off. */
  report?: RunReport;
  stdout: string;
  stderr: string;
}

/** A workspace and every outside service, with a clock that the test moves. */
export interface Stage {
  services: TestServices;
  workspace: TestWorkspace;
  clients: readonly TestClient[];
  /** Runs one tick of the real command, in this process, so many minutes after the last one. */
  tick(minutesLater?: number, change?: TickChange): Promise<TickSeen>;
  /** What the report of a tick says of a client's slot. */
  slotOf(seen: TickSeen, client?: string): SlotReport | undefined;
  /** How the ledger has a client's slots. */
  rows(client?: string): Promise<readonly SlotRow[]>;
}

interface TickChange {
  args?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

interface SlotRow {
  slot: string;
  state: string;
  sends: number;
  posts: number;
}

interface StageOptions {
  clients?: readonly string[];
  /** Fields of the client files. */
  change?: Readonly<Record<string, unknown>>;
  /** The client that has an app of its own. */
  ownApp?: string;
}

/** One Postgres for the file; a stage with its own database, workspace and services for each test that asks for one. */
export function stages(): (options?: StageOptions) => Promise<Stage> {
  let postgres: NativePostgres;
  const closers: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() => postgres.stop());
  return async ({ clients: ids = ["acme"], change = {}, ownApp } = {}) => {
    let nowMs = Date.parse("2026-11-21T09:04:00Z");
    const clock = () => new Date(nowMs);
    const workspace = await createWorkspace();
    closers.push(workspace.remove);
    const clients: TestClient[] = [];
    const own = { appKey: "own-app-key", appSecret: "own-app-secret" };
    for (const id of ids) clients.push(await workspace.addClient(id, change, id === ownApp ? own : undefined));
    const services = await startServices({ postgres, workspace, clients, clock });
    closers.push(services.close);
    const tick: Stage["tick"] = (minutesLater = 0, { args = [], environment = {} } = {}) => {
      nowMs += minutesLater * 60_000;
      const argv = ["run", "--json", "--root", workspace.root, ...args];
      return runInProcess(argv, { environment: { ...services.environment, ...environment }, clock });
    };
    return { services, workspace, clients, tick, slotOf, rows: (client = "acme") => slotRows(services, client) };
  };
}

/** The `run` command with everything that `main.ts` would hand it, and its streams kept. */
export async function runInProcess(
  argv: readonly string[],
  {
    environment,
    clock,
    ...limit
  }: { environment: Readonly<Record<string, string>>; clock: () => Date; longestMs?: number },
): Promise<TickSeen> {
  const given = parseArguments(argv);
  const [stdout, stderr] = [keptStream(), keptStream()];
  const log = openLog({ stream: stderr, folds: environment.GITHUB_ACTIONS === "true" });
  const context = {
    arguments: given,
    environment,
    stateDirectory: given.state ?? join(given.root, ".clara"),
    migrationsDirectory: join(import.meta.dirname, "../../schemas/sql"),
    clock,
    log,
    host: actionsHost(environment, stderr),
    write: stdout.write,
    stopping: new AbortController().signal,
  };
  const code = await run(context, limit).catch((error: unknown) => {
    log.error("unexpected error", { error });
    return error instanceof UserError ? error.exitCode : 1;
  });
  const text = stdout.text();
  const report = text.startsWith("{") && { report: JSON.parse(text) as RunReport };
  return { code, ...report, stdout: text, stderr: stderr.text() };
}

function keptStream() {
  let kept = "";
  return {
    write: (text: string) => {
      kept += text;
    },
    text: () => kept,
  };
}

function slotOf({ report }: TickSeen, client = "acme"): SlotReport | undefined {
  return report?.slots.find((slot) => slot.client === client);
}

async function slotRows({ sql }: TestServices, client: string): Promise<readonly SlotRow[]> {
  const rows = await sql(
    `select s.id as slot, s.state, (select count(*)::int from clara.send where slot = s.id) as sends,
       (select count(*)::int from clara.post where slot = s.id) as posts
     from clara.slot s where s.client = $1 order by s.id`,
    [client],
  );
  return rows as unknown as SlotRow[];
}
