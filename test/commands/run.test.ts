import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { longestRunMinutes } from "../../src/commands/run.ts";
import { runInProcess } from "../scenarios/whole-tick.ts";
import { createWorkspace, type TestWorkspace } from "../support/workspace.ts";

/** In this process, against the embedded ledger, as the runner of GitHub Actions would start it. */
let workspace: TestWorkspace;

beforeEach(async () => {
  workspace = await createWorkspace();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await workspace.remove();
});

const clock = () => new Date("2026-11-21T09:04:00Z");

function tick(
  words: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
  limit: { longestMs?: number } = {},
) {
  return runInProcess(["run", "--root", workspace.root, ...words], { environment, clock, ...limit });
}

/** The files that the runner gives to a step. */
async function actions(): Promise<Record<string, string>> {
  const environment: Record<string, string> = { GITHUB_ACTIONS: "true" };
  for (const name of ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"]) {
    const path = join(workspace.root, name);
    await writeFile(path, "before\n");
    environment[name] = path;
    // The toolkit reads the process's own environment.
    vi.stubEnv(name, path);
  }
  return environment;
}

const read = (path: string) => readFile(join(workspace.root, path), "utf8");

/** Outputs as the runner reads them: `name<<delimiter`, the value, the delimiter; or `name=value`. */
async function outputs(): Promise<Record<string, string>> {
  const found = (await read("GITHUB_OUTPUT")).matchAll(/^([\w-]+)(?:<<(\S+)\n([\s\S]*?)\n\2|=(.*))$/gm);
  return Object.fromEntries([...found].map(([, name, , long, short]) => [name, long ?? short]));
}

/** Lines that the runner would obey. */
function commandsIn(text: string): readonly string[] {
  return text.split("\n").filter((line) => /^\s*::|##\[/.test(line));
}

test("in Actions the summary and the outputs arrive behind what is there, and stdout is one JSON document", async () => {
  await workspace.addClient("acme", { credentials: undefined });
  const environment = await actions();
  const { code, stdout, report } = await tick(["--json"], environment);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(report?.totals).toMatchObject({ posted: 1 });
  expect(await read("GITHUB_STEP_SUMMARY")).toMatch(/^before\n✅ 1 posted/);
  expect(await outputs()).toEqual({
    posted: "1",
    failed: "0",
    dead: "0",
    "queue-depth": "0",
    "cost-usd": report?.totals.costUsd.toFixed(6),
    summary: environment.GITHUB_STEP_SUMMARY,
  });
  expect(existsSync(join(workspace.root, ".clara/summary.md"))).toBe(false);
});

test("the log of a client stands under a fold of its own in Actions", async () => {
  await workspace.addClient("acme", { credentials: undefined });
  const { stderr } = await tick([], await actions());
  expect(commandsIn(stderr)).toEqual(["::group::acme", "::endgroup::"]);
});

test("hostile words in a file reach the annotation, the summary and the terminal as text", async () => {
  await workspace.addClient("acme", { credentials: undefined });
  const hostile = "::x::%0A **bold** <img src=x> ##[group]y | z";
  await workspace.addClient("beta", { credentials: undefined, timezone: hostile });
  const { code, stdout, stderr } = await tick([], await actions());
  expect(code).toBe(1);
  const names = commandsIn(stderr).map((line) => /^::([\w-]+)/.exec(line)?.[1]);
  expect(names).toEqual(["error", "group", "endgroup"]);
  expect(stderr).toContain("%250A");
  expect(commandsIn(stdout)).toEqual([]);
  const summary = await read("GITHUB_STEP_SUMMARY");
  expect(commandsIn(summary)).toEqual([]);
  expect(summary).toContain("\\*\\*bold\\*\\* \\<img src=x> ##\\[group]y \\| z");
  expect(await outputs()).toMatchObject({ posted: "1" });
});

test("sealed clients without X's secrets are refused in Actions, and rehearse nothing in silence", async () => {
  await workspace.addClient("acme");
  const { code, stdout, stderr } = await tick([], await actions());
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("X_APP_KEY is not set here: nothing would reach X");
  expect(existsSync(join(workspace.root, ".clara", "ledger"))).toBe(false);
});

test("sealed clients may run in the sandbox elsewhere, and in Actions while they rehearse", async () => {
  await workspace.addClient("acme", { status: "rehearsal" });
  expect(await tick(["--json"], await actions())).toMatchObject({ code: 0, report: { totals: { skipped: 1 } } });
  await workspace.editClient("acme", { status: "active" });
  vi.unstubAllEnvs();
  expect(await tick(["--json"])).toMatchObject({ code: 0 });
});

test("outside of Actions the summary is a file beside the ledger, and stdout has the same facts", async () => {
  await workspace.addClient("acme");
  const { code, stdout } = await tick();
  expect(code).toBe(0);
  const [verdict = "none"] = stdout.split("\n");
  expect(verdict).toMatch(/^✅ 1 posted · \$/);
  expect(await read(".clara/summary.md")).toContain(verdict.split(" · ")[0]);
});

/** Refused before any of these is asked for anything. */
const realX = {
  X_APP_KEY: "key",
  X_APP_SECRET: "secret",
  CLARA_IDENTITY: "identity",
  OPENAI_API_KEY: "key",
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_SECRET_KEY: "key",
};

test.for([
  { words: ["--client", "nobody"], environment: {}, code: 2, says: "there is no client nobody" },
  { words: [], environment: { SUPABASE_URL: "http://127.0.0.1:9" }, code: 1, says: "SUPABASE_URL is set, but" },
  { words: ["--now", "2026-11-21T09:04:00Z"], environment: realX, code: 2, says: "--now would post to the real X" },
  { words: ["--root", "nowhere"], environment: {}, code: 2, says: "nowhere is not a folder" },
])("$says: the run ends with $code before anything is opened", async ({ words, environment, code, says }) => {
  await workspace.addClient("acme");
  const seen = await tick(words, environment);
  expect(seen).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(says) });
  expect(existsSync(join(workspace.root, ".clara", "ledger"))).toBe(false);
});

test("a client whose file is broken can be named: it is left alone, and the run says why", async () => {
  await workspace.addClient("acme", { timezone: "Nowhere" });
  expect(await tick(["--client", "acme", "--json"])).toMatchObject({ code: 1, report: { slots: [] } });
});

test("a run that has had its time starts nothing new, and still reports; the next one goes on", async () => {
  await workspace.addClient("acme");
  const { code, report } = await tick(["--json"], {}, { longestMs: 0 });
  expect({ code, slots: report?.slots }).toMatchObject({
    code: 0,
    slots: [{ outcome: "deferred", cause: "stopped", reason: "this run has had its time", costUsd: 0 }],
  });
  expect(await tick(["--json"])).toMatchObject({ code: 0, report: { totals: { posted: 1 } } });
});

test("a run stops by itself five minutes before GitHub ends its step, and the step before its job", async () => {
  interface Job {
    "timeout-minutes": number;
    steps: { name?: string; "timeout-minutes"?: number }[];
  }
  const file = join(import.meta.dirname, "../../.github/workflows/run.yml");
  const { jobs } = parse(await readFile(file, "utf8")) as { jobs: Record<string, Job> };
  const ticks = Object.values(jobs).flatMap((job) =>
    job.steps.filter(({ name }) => name === "Tick").map((step) => [step["timeout-minutes"], job["timeout-minutes"]]),
  );
  expect(ticks).toEqual([
    [longestRunMinutes + 5, longestRunMinutes + 10],
    [longestRunMinutes + 5, longestRunMinutes + 10],
  ]);
});
