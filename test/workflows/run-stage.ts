import { execFile, execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { startServices, type TestServices } from "../support/services.ts";
import { runWorkflow, type WorkflowInput, type WorkflowRun } from "../support/workflow-run.ts";
import { createWorkspace, type TestClient, type TestWorkspace } from "../support/workspace.ts";

/** The workflow `run` of this repository with its own clients and every outside service on loopback. */
export interface RunStage {
  services: TestServices;
  workspace: TestWorkspace;
  clients: readonly TestClient[];
  /** Runs the workflow so many minutes after the last time. */
  run(change?: RunChange): Promise<WorkflowRun>;
  /** Commits the workspace as it is; every run does it first. Its answer is the branch's new tip. */
  commit(): Promise<string>;
  /** How often each client's account has posted. */
  postsPerClient(): Readonly<Record<string, number>>;
}

interface RunChange extends Pick<WorkflowInput, "onStart"> {
  minutesLater?: number;
  inputs?: Readonly<Record<string, string | boolean>>;
  vars?: Readonly<Record<string, string>>;
  /** Run instead of npm; the rest is as always. */
  npm?: string;
  /** The commit of the trigger: an old one makes it a run that waited, or the re-run of an old run. */
  triggerSha?: string;
}

/** The real npm, found before the stand-in stands in its way. */
export const realNpm = execFileSync("bash", ["-c", "command -v npm"]).toString().trim();

/**
 * `npm ci` is left out: the packages are installed already. Everything else goes to the real npm, with the instant that the
 * test is at as `--now`, which any command takes.
 */
const npmScript = `#!/bin/bash
if [[ "$1" == ci ]]; then exit 0; fi
exec '${realNpm}' "$@" "--now=$TEST_NOW"
`;

/** One Postgres for the file; a stage of its own for each test. */
export function runStages(): (input: { clients: number; change?: object }) => Promise<RunStage> {
  let postgres: NativePostgres;
  const closers: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() => postgres.stop());
  return async ({ clients: count, change = {} }) => {
    let nowMs = Date.parse("2026-11-21T09:04:00Z");
    const clock = () => new Date(nowMs);
    const workspace = await createWorkspace();
    closers.push(workspace.remove);
    const clients: TestClient[] = [];
    for (let n = 1; n <= count; n += 1) clients.push(await workspace.addClient(`client-${n}`, { ...change }));
    const services = await startServices({ postgres, workspace, clients, clock });
    closers.push(services.close);
    const directory = await mkdtemp(join(tmpdir(), "clara-runs-"));
    closers.push(() => rm(directory, { recursive: true }));
    let runs = 0;
    return {
      services,
      workspace,
      clients,
      run: async ({ minutesLater = 0, ...change } = {}) => {
        nowMs += minutesLater * 60_000;
        runs += 1;
        await commitAll(workspace.root);
        const input = await inputOf({ services, workspace, now: clock(), number: runs, directory }, change);
        return runWorkflow(input);
      },
      commit: () => commitAll(workspace.root),
      postsPerClient: () => countPosts(services, clients),
    };
  };
}

interface Scene extends Pick<RunStage, "services" | "workspace"> {
  now: Date;
  number: number;
  directory: string;
}

async function inputOf(
  { services, workspace, now, number, directory }: Scene,
  { inputs = {}, vars = {}, npm = npmScript, onStart, triggerSha }: Omit<RunChange, "minutesLater">,
): Promise<WorkflowInput> {
  const own = join(directory, `run-${number}`);
  const bin = join(own, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "npm"), npm);
  await chmod(join(bin, "npm"), 0o755);
  // The one address that no workflow sets: the runs speak to the X of the test.
  const { OPENAI_BASE_URL = "", X_API_URL = "", ...secrets } = services.environment;
  return {
    file: "run.yml",
    contexts: {
      github: { event_name: "schedule", ref: `refs/heads/${branch}` },
      inputs,
      secrets,
      vars: { OPENAI_BASE_URL, ...vars },
    },
    directory: own,
    commit: workspace.root,
    machine: {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: own,
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_RUN_ID: String(1000 + number),
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_SHA: triggerSha ?? "0123456789abcdef0123456789abcdef01234567",
      NODE_COMPILE_CACHE: join(directory, "compiled"),
      TEST_NOW: now.toISOString(),
      X_API_URL,
    },
    ...(onStart && { onStart }),
    ...(triggerSha !== undefined && { triggerSha }),
  };
}

const branch = "trunk";

async function commitAll(root: string): Promise<string> {
  const person = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
  const git = async (...words: string[]) =>
    (await promisify(execFile)("git", ["-C", root, ...person, ...words])).stdout.trim();
  await git("init", "--quiet", `--initial-branch=${branch}`);
  await git("add", "clients", "prompts");
  if ((await git("status", "--porcelain", "--untracked-files=no")) !== "")
    await git("commit", "--quiet", "-m", "as it is");
  return git("rev-parse", "HEAD");
}

function countPosts({ x }: TestServices, clients: readonly TestClient[]): Record<string, number> {
  const byAccount = Object.groupBy(x.posts(), ({ xUserId }) => xUserId);
  return Object.fromEntries(clients.map(({ id, xUserId }) => [id, byAccount[xUserId]?.length ?? 0]));
}

/** What the steps that failed had printed: a test that fails shows it. */
export function failuresOf({ jobs }: WorkflowRun): string {
  const failed = jobs.flatMap(({ steps }) => steps.filter(({ outcome }) => outcome === "failure"));
  return failed.map(({ name, log }) => `${name}: ${log}`).join("\n");
}
