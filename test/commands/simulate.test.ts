import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import { simulate } from "../../src/commands/simulate.ts";
import type { SimulationOutcome } from "../../src/simulate/outcome.ts";
import { openLog } from "../../src/vendors/log.ts";

const shipped = join(import.meta.dirname, "../..");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-simulate-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** In this process, with variables that would lead a real run to services that do not exist. */
async function run(words: readonly string[], stopping = new AbortController().signal) {
  let written = "";
  const given = parseArguments(["simulate", "--state", folder, "--root", shipped, ...words]);
  const code = await simulate({
    arguments: given,
    environment: { SUPABASE_URL: "http://127.0.0.1:9", X_APP_KEY: "real", PATH: "/bin" },
    stateDirectory: folder,
    migrationsDirectory: join(shipped, "schemas/sql"),
    clock: () => new Date("2026-11-21T09:04:00Z"),
    log: openLog({ stream: { write: () => true } }),
    host: undefined,
    write: (text) => {
      written += text;
    },
    stopping,
  });
  return { code, written };
}

/** The shipped workspace with every client paused. */
async function pausedWorkspace(): Promise<string> {
  const root = join(folder, "paused");
  for (const name of ["clients", "prompts"]) await cp(join(shipped, name), join(root, name), { recursive: true });
  for (const name of await readdir(join(root, "clients"))) {
    if (name.startsWith("_")) continue;
    const path = join(root, "clients", name);
    await writeFile(path, `status: paused\n${(await readFile(path, "utf8")).replace(/^status: .*\n/m, "")}`);
  }
  return root;
}

function outcomeIn({ written }: { written: string }): SimulationOutcome {
  const { runtimeSeconds: _, ...outcome } = JSON.parse(written) as SimulationOutcome & { runtimeSeconds: number };
  return outcome;
}

test("in a storm every promise holds, with cases of each, and the same seed tells the same", {
  timeout: 600_000,
}, async () => {
  const words = [
    "--days",
    "4",
    "--clients",
    "8",
    "--faults",
    "storm",
    "--from",
    "2026-11-23T00:00:00Z",
    "--seed",
    "3",
    "--json",
  ];
  const first = await run(words);
  const outcome = outcomeIn(first);
  expect(outcome.promises.flatMap(({ number, broken }) => broken.map((line) => `${number}: ${line}`))).toEqual([]);
  expect(first.code).toBe(0);
  expect(outcome.promises.map(({ verdict }) => verdict)).toEqual(Array(10).fill("pass"));
  expect(outcome.ticks.runs).toMatchObject({ crashed: expect.any(Number), done: expect.any(Number) });
  expect(Object.keys(outcome.faults).length).toBeGreaterThan(12);
  expect(Object.keys(outcome.faults)).toEqual(expect.arrayContaining(["X: 401", "X: 402", "X: 403 of an edge"]));
  expect(Object.keys(outcome.rested)).toEqual(expect.arrayContaining(["X", "a client"]));
  const binding = ["posts a day", "completions a day", "a month", "all clients together"];
  expect(binding.filter((limit) => !Object.keys(outcome.refusals).join("; ").includes(limit))).toEqual([]);
  expect(outcome.lateness.posts).toBeGreaterThan(20);
  expect(outcomeIn(await run(words))).toEqual(outcome);
});

test("a calm day of the workspace's own clients, in words, touches no state and no real service", async () => {
  const { code, written } = await run(["--days", "1"]);
  expect(code).toBe(0);
  expect(written).toContain("1 day from 2026-11-21T00:00:00.000Z with 5 clients, faults calm, seed 1");
  expect(written).toContain("The workspace's own clients, those in rehearsal as if they were active.");
  expect(written).toContain("HTTP in memory; buckets in Postgres stand in for Upstash");
  expect(written).toContain("Not used, although set here: SUPABASE_URL, X_APP_KEY.");
  expect(written).toMatch(/^wattle-ridge +\S+ +[1-9]/m);
  expect(written.match(/^pass /gm)).toHaveLength(10);
  expect(await readdir(folder)).toEqual([]);
});

test("with nothing owed nothing is shown, and nothing is broken", async () => {
  const root = await pausedWorkspace();
  const { code, written } = await run(["--root", root, "--days", "1", "--faults", "storm"]);
  await rm(root, { recursive: true });
  expect(written).toMatch(/^not shown {3}1 Never twice: 0 cases/m);
  expect(written).toMatch(/promises not shown: nothing was owed\.$/m);
  expect(code).toBe(0);
});

test.for([
  { words: ["--days", "0"], says: /--days needs a whole number from 1 to 366, not "0"/ },
  { words: ["--clients", "many"], says: /--clients needs a whole number from 1 to 1000/ },
  { words: ["--from", "2026-12-01"], says: /--from needs an instant with its zone/ },
  { words: ["--faults", "strom"], says: /neither a preset nor a file .*storm/ },
])("wrong usage is told before anything runs: $words", async ({ words, says }) => {
  await expect(run(words)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(says) });
});

test("a workspace without a usable client, and a signal, end it", async () => {
  const empty = join(folder, "empty");
  await mkdir(join(empty, "clients"), { recursive: true });
  await writeFile(join(empty, "clients/acme.yaml"), "name: [");
  await expect(run(["--root", empty])).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining("validate"),
  });
  await rm(empty, { recursive: true });
  await expect(run(["--days", "1"], AbortSignal.abort())).rejects.toThrow("stopped");
});
