import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import { supabaseRoles } from "../../src/sandbox/pglite.ts";
import type { Fault } from "../../src/sandbox/x-faults.ts";
import { startXSandbox, type XSandbox } from "../../src/sandbox/x-server.ts";
import { applyMigrations, type Query, readMigrations } from "../../src/vendors/migrations.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { runInProcess } from "../scenarios/whole-tick.ts";
import { startCli } from "./cli.ts";
import { distinctText } from "./crash-answers.ts";
import { type Boundary, openPassage, type Passage } from "./crash-gate.ts";
import { emptyLedger, secretKey } from "./ledger.ts";
import { type NativePostgres, serveRpc } from "./postgres.ts";
import { openServiceSession } from "./service-session.ts";
import { appKeys, type TestClient, type TestWorkspace } from "./workspace.ts";

/** A database of its own behind HTTP, used by one case after the other. */
export interface Lane {
  url: string;
  /** Takes every row out. */
  empty(): Promise<void>;
  sql: Query;
  close(): Promise<void>;
}

export async function openLane(postgres: NativePostgres): Promise<Lane> {
  const address = await postgres.createDatabase();
  const session = openPostgres(address);
  await session.transaction((query) => query(supabaseRoles));
  await applyMigrations(session, await readMigrations(join(import.meta.dirname, "../../schemas/sql")));
  const served = openServiceSession(address, 4);
  const server = await serveRpc(served, secretKey, { isServiceRole: true });
  return {
    url: server.url,
    empty: async () => {
      await emptyLedger(session, { url: server.url });
    },
    sql: (statement, parameters) => session.transaction((query) => query(statement, parameters)),
    close: async () => {
      await server.close();
      await served.close();
      await session.close();
    },
  };
}

/** Modules are compiled once for all the processes of a run: a start costs half as much. */
export function compiledOnce({ root }: Pick<TestWorkspace, "root">): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: join(root, ".clara/compiled") };
}

/** The process ended by itself before its boundary: there was no kill, so nothing is known of the case. */
export class BoundaryMissed extends Error {}

/** One client's slot from its first tick on, with a fresh X and a fresh model behind gates. */
export interface Scene {
  x: XSandbox;
  passage: Passage;
  sql: Query;
  /** What X does with the next send that reaches it; once. */
  nextSend(fault: Fault | undefined): void;
  /** Completions that the model has been asked for. */
  completions(): number;
  /** A tick of the real process so many minutes after the last one; with a boundary, ended there by SIGKILL. */
  process(minutesLater: number, boundary?: Boundary): Promise<void>;
  /** The same tick in this process. */
  tick(minutesLater: number): Promise<void>;
  close(): Promise<void>;
}

export interface SceneOptions {
  lane: Lane;
  workspace: TestWorkspace;
  client: TestClient;
  duplicateWindowHours: number;
}

export async function openScene({ lane, workspace, client, duplicateWindowHours }: SceneOptions): Promise<Scene> {
  await lane.empty();
  let now = Date.parse("2026-11-21T09:04:00Z");
  let fault: Fault | undefined;
  let completions = 0;
  const x = await startXSandbox({
    clock: () => new Date(now),
    accounts: (token) => (token === client.accessToken ? { ...client, ...appKeys } : undefined),
    duplicateWindowSeconds: duplicateWindowHours * 3600,
    faults: ({ method, path }) => {
      if (method !== "POST" || path !== "/2/tweets") return undefined;
      const answer = fault;
      fault = undefined;
      return answer;
    },
  });
  const model = await startModelSandbox({
    faults: ({ path }) => {
      if (path !== "/v1/chat/completions") return undefined;
      completions += 1;
      return { kind: "texts", texts: [0, 1, 2].map((index) => distinctText(completions * 3 + index)) };
    },
  });
  const passage = openPassage();
  const stateDirectory = await mkdtemp(join(tmpdir(), "clara-crash-"));
  const environment = {
    OPENAI_API_KEY: "test-openai-key",
    OPENAI_BASE_URL: `${await passage.gate(model.url.replace("/v1", ""), ({ url }) => `model ${url}`)}/v1`,
    SUPABASE_URL: await passage.gate(lane.url, ({ url = "" }) => url.split("/").at(-1) ?? ""),
    SUPABASE_SECRET_KEY: secretKey,
    X_APP_KEY: appKeys.appKey,
    X_APP_SECRET: appKeys.appSecret,
    X_API_URL: await passage.gate(
      x.url,
      ({ method, url = "" }) => `${method} ${url.replace(/\?.*/, "").replace(/\d{2,}/, ":id")}`,
    ),
    CLARA_IDENTITY: workspace.identity,
  };
  const args = ["run", "--json", "--root", workspace.root, "--state", stateDirectory];
  let runs = 0;
  /** As a workflow's run, which need not ask Git what was checked out. */
  const nextRun = () => {
    runs += 1;
    const runner = {
      GITHUB_ACTIONS: "true",
      GITHUB_RUN_ID: String(runs),
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_SHA: "c0ffee",
    };
    return { ...environment, ...runner };
  };
  const advance = (minutes: number) => {
    now += minutes * 60_000;
    passage.free();
  };
  return {
    x,
    passage,
    sql: lane.sql,
    nextSend: (next) => {
      fault = next;
    },
    completions: () => completions,
    process: async (minutesLater, boundary) => {
      advance(minutesLater);
      const instant = new Date(now).toISOString();
      const started = startCli([...args, "--now", instant], { ...nextRun(), ...compiledOnce(workspace) });
      if (boundary !== undefined) {
        passage.stopAt(boundary, async () => {
          started.process.kill("SIGKILL");
          await started.finished;
        });
      }
      const { code, stderr } = await started.finished;
      if (boundary !== undefined && !passage.stopped())
        throw new BoundaryMissed(`the process never came to ${boundary.step}: ${stderr}`);
      if (boundary === undefined && code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
    },
    tick: async (minutesLater) => {
      advance(minutesLater);
      const startedAt = Date.now();
      const clock = () => new Date(now + Date.now() - startedAt);
      const { report, stderr } = await runInProcess(args, { environment: nextRun(), clock });
      if (report === undefined) throw new Error(`no report: ${stderr}`);
    },
    close: async () => {
      for (const server of [passage, x, model]) await server.close();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}
