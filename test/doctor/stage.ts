import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { parse, stringify } from "yaml";
import { parseArguments } from "../../src/arguments.ts";
import { doctor } from "../../src/commands/doctor.ts";
import type { Finding } from "../../src/doctor/check.ts";
import type { Fault } from "../../src/sandbox/x-faults.ts";
import { actionsHost } from "../../src/vendors/actions.ts";
import { openLog } from "../../src/vendors/log.ts";
import { openLedger, openRpc } from "../../src/vendors/supabase.ts";
import { type Steps, stepsOf } from "../contracts/ledger-steps.ts";
import { at } from "../support/ledger.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { startServices, type TestServices } from "../support/services.ts";
import { createWorkspace, type TestClient, type TestWorkspace } from "../support/workspace.ts";
import { type GithubServer, repository, startGithub } from "./github.ts";

export const migrationsDirectory = join(import.meta.dirname, "../../schemas/sql");

export interface Examined {
  code: number;
  stdout: string;
  /** With the masks for the runner taken out. */
  stderr: string;
  findings: readonly Finding[];
}

/** Two clients whose files, keys, accounts and services are all well, until a test plants a fault. */
export interface DoctorStage {
  workspace: TestWorkspace;
  services: TestServices;
  github: GithubServer;
  clients: readonly TestClient[];
  steps: Steps;
  secrets(): readonly string[];
  /** How X answers users/me to the account of a client. */
  me(client: TestClient, access?: string): Fault;
  /** Edits a YAML file of the workspace. */
  edit(path: string, change: (file: Record<string, unknown>) => object): Promise<void>;
  examine(input?: ExamineInput): Promise<Examined>;
}

export interface ExamineInput {
  words?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  deadlineSeconds?: number;
}

/** One set of services for the file that calls this; every planted fault is taken out again after its test. */
export function doctorStage(): () => DoctorStage {
  let postgres: NativePostgres;
  let stage: DoctorStage;
  let kept: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    const workspace = await createWorkspace();
    // One after the other: the accounts are numbered.
    const clients = [await workspace.addClient("acme"), await workspace.addClient("beta")];
    const services = await startServices({ postgres, workspace, clients, clock: () => at(0) });
    stage = stageOf({ workspace, clients, services, github: await startGithub() });
    kept = await mkdtemp(join(tmpdir(), "clara-kept-"));
    await cp(workspace.root, kept, { recursive: true });
  });
  beforeEach(async () => {
    const { services, github, clients, workspace, steps } = stage;
    services.faults.x = ({ path, account }) => {
      const client = clients.find(({ xUserId }) => xUserId === account);
      return path === "/2/users/me" && client !== undefined ? stage.me(client) : undefined;
    };
    delete services.faults.model;
    services.ledger.fault("*");
    github.fault = undefined;
    github.workflow = { state: "active", runs: [runOf(20)] };
    await rm(workspace.root, { recursive: true });
    await cp(kept, workspace.root, { recursive: true });
    await restoreLedger(steps);
  });
  afterAll(async () => {
    await stage.services.close();
    await stage.github.close();
    await stage.workspace.remove();
    await rm(kept, { recursive: true });
    await postgres.stop();
  });
  afterEach(async () => {
    await restoreLedger(stage.steps);
  });
  return () => stage;
}

/** A run of run.yml that started so many minutes ago, by the machine's own clock as GitHub's is. */
export function runOf(minutesAgo: number, conclusion: string | null = "success") {
  const created_at = new Date(Date.now() - minutesAgo * 60_000).toISOString();
  return { created_at, conclusion, html_url: `https://github.com/${repository}/actions/runs/1` };
}

async function restoreLedger({ sql }: Steps): Promise<void> {
  const tables = await sql("select tablename as name from pg_tables where schemaname = 'clara'");
  const names = tables.map(({ name }) => `clara.${name}`).filter((name) => name !== "clara.migration");
  await sql(`truncate ${names.join(", ")}`);
  await sql("drop function if exists public.ledger_info()");
  await sql(await readFile(join(migrationsDirectory, "0013_doctor.sql"), "utf8"));
}

function stageOf(parts: Pick<DoctorStage, "workspace" | "services" | "github" | "clients">): DoctorStage {
  const { workspace, services, github, clients } = parts;
  const { SUPABASE_URL: url = "", SUPABASE_SECRET_KEY: secretKey = "" } = services.environment;
  const environment = {
    ...services.environment,
    GITHUB_TOKEN: github.token,
    GITHUB_REPOSITORY: repository,
    GITHUB_API_URL: github.url,
  };
  return {
    ...parts,
    steps: stepsOf({ ledger: openLedger(openRpc({ url, secretKey })), sql: services.sql }),
    secrets: () => [
      ...["OPENAI_API_KEY", "UPSTASH_REDIS_REST_TOKEN", "SUPABASE_SECRET_KEY", "X_APP_KEY", "X_APP_SECRET"].map(
        (name) => services.environment[name] ?? "",
      ),
      ...[workspace.identity, github.token, ...clients.flatMap((client) => [client.accessToken, client.accessSecret])],
    ],
    me: ({ xUserId, handle }, access = "read-write") => ({
      kind: "answer",
      done: false,
      status: 200,
      headers: { "x-access-level": access },
      body: { data: { id: xUserId, name: handle, username: handle } },
    }),
    edit: async (path, change) => {
      const file = join(workspace.root, path);
      await writeFile(file, stringify(change(parse(await readFile(file, "utf8")))));
    },
    examine: (input = {}) => examine(workspace, { ...input, environment: { ...environment, ...input.environment } }),
  };
}

/** The real command in this process, at 09:01 on the tests' clock. */
async function examine(
  { root }: TestWorkspace,
  input: ExamineInput & { environment: Readonly<Record<string, string>> },
) {
  const { words = ["--json"], environment, deadlineSeconds } = input;
  const [stdout, stderr]: string[][] = [[], []];
  const stream = { write: (text: string) => void stderr?.push(text) };
  const context = {
    arguments: parseArguments(["doctor", ...words, "--root", root]),
    environment,
    stateDirectory: join(root, ".clara"),
    migrationsDirectory,
    clock: () => at(60),
    log: openLog({ stream }),
    host: actionsHost(environment, stream),
    write: (text: string) => void stdout?.push(text),
    stopping: new AbortController().signal,
  };
  const code = await doctor(context, deadlineSeconds);
  const out = (stdout ?? []).join("");
  const lines = (stderr ?? []).join("").split("\n");
  const findings: readonly Finding[] = out.startsWith("{") ? JSON.parse(out).findings : [];
  return {
    code,
    stdout: out,
    stderr: lines.filter((line) => !line.startsWith("::add-mask::")).join("\n"),
    findings,
  };
}

/** Every file of the workspace, to see that none was written. */
export async function filesIn(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return (await Promise.all(paths.sort().map(async (path) => `${path}\n${await readFile(path, "utf8")}`))).join("\n");
}
