import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { benchJson } from "../bench/table.ts";
import { runWorkflow } from "../support/workflow-run.ts";
import { failuresOf } from "./run-stage.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "clara-prove-"));
  await mkdir(join(directory, "bin"));
});
afterEach(() => rm(directory, { recursive: true }));

/** The workflow itself with its scripts in bash, and an npm that ends as these say. */
async function prove(npm: Readonly<Record<string, string>>, event_name = "workflow_dispatch", vars = {}) {
  const cases = Object.entries(npm).map(([words, script]) => `  '${words}') ${script} ;;`);
  const scripts = { npm: `case "$*" in\n${cases.join("\n")}\nesac\n`, sudo: "" };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(directory, "bin", name), `#!/bin/bash\n${script}`);
    await chmod(join(directory, "bin", name), 0o755);
  }
  return runWorkflow({
    file: "prove.yml",
    contexts: { github: { event_name }, inputs: {}, secrets: {}, vars },
    directory,
    commit: join(directory, "commit"),
    machine: { PATH: `${join(directory, "bin")}:${process.env.PATH}`, HOME: directory },
  });
}

const row = { name: "a", figure: "2", floor: "1", ratio: 2, limit: 1 };
const timed = { ...row, holds: false };
const counted = { ...row, holds: false, isCount: true } as const;
const held = { ...row, holds: true };
const promises = "run --silent promises";
const crashes = "test -- test/crash";
const simulation = "start --silent -- simulate --days 30 --clients 50 --faults storm";
const bench = "run --silent bench -- --out bench/bench.json";
const all = {
  ci: "",
  [promises]: "echo broken and seen",
  [crashes]: `echo "$CRASH_ANSWERS: 200 cases" > "$CRASH_COUNTS"`,
  [simulation]: "echo every promise kept",
  [bench]: `echo '${benchJson([held])}' > bench/bench.json; echo ok a`,
};

test("promises, simulation and bench are shown on the run's page and kept", async () => {
  const done = await prove(all);
  expect(done, failuresOf(done)).toMatchObject({ conclusion: "success" });
  expect(done.jobs.map(({ id, summary }) => [id, summary])).toEqual([
    ["promises", "```text\nbroken and seen\n```\n```text\nall: 200 cases\n```\n"],
    ["simulate", "```text\nevery promise kept\n```\n"],
    ["bench", "```text\nok a\n```\n"],
  ]);
  const kept = (path: string) => readFile(join(directory, "artifacts", path), "utf8");
  expect(await kept("promises/table.txt")).toBe("broken and seen\n");
  expect(await kept("promises/crashes.txt")).toBe("all: 200 cases\n");
  expect(await kept("simulation/outcome.txt")).toBe("every promise kept\n");
  expect(JSON.parse(await kept("bench/bench.json"))).toEqual({ holds: true, rows: [held] });
});

/** As the run's page shows what a program printed. */
function shown(printed: string): string {
  return `\`\`\`text\n${printed === "" ? "" : `${printed}\n`}\`\`\`\n`;
}

test.for([
  {
    what: "a mutation that no test sees",
    words: promises,
    script: "echo lives; exit 1",
    job: "promises",
    shows: ["lives", "all: 200 cases"],
  },
  {
    what: "a kill behind which a slot has two posts",
    words: crashes,
    script: 'echo 200 cases > "$CRASH_COUNTS"; exit 1',
    job: "promises",
    shows: ["broken and seen", "200 cases"],
  },
  {
    what: "a crash matrix that counted nothing",
    words: crashes,
    script: "",
    job: "promises",
    shows: ["broken and seen", ""],
  },
  { what: "a broken promise", words: simulation, script: "echo FAIL; exit 1", job: "simulate", shows: ["FAIL"] },
  {
    what: "a call too many for a slot",
    words: bench,
    script: `echo '${benchJson([held, counted])}' > bench/bench.json; echo MISS; exit 1`,
    job: "bench",
    shows: ["MISS"],
  },
  { what: "a bench that did not come to its end", words: bench, script: "exit 1", job: "bench", shows: [] },
])("$what fails its job and no other", async ({ words, script, job, shows }) => {
  const { results, jobs } = await prove({ ...all, [words]: script });
  expect(results).toEqual({ promises: "success", simulate: "success", bench: "success", [job]: "failure" });
  expect(jobs.find(({ id }) => id === job)?.summary).toBe(shows.map(shown).join(""));
});

test("a time that misses its limit on a shared runner is a warning", async () => {
  const script = `echo '${benchJson([timed, held])}' > bench/bench.json; echo MISS a; exit 1`;
  const done = await prove({ ...all, [bench]: script });
  expect(done, failuresOf(done)).toMatchObject({ conclusion: "success" });
  const { summary, steps } = done.jobs.at(-1) ?? {};
  expect(summary).toContain("MISS a");
  expect(steps?.map(({ log }) => log).join("")).toContain("::warning title=bench::figures that miss their limits: 1 ");
});

test.for([
  { variable: "nothing", vars: {}, result: "skipped" },
  { variable: "false", vars: { PROVE_NIGHTLY: "false" }, result: "skipped" },
  { variable: "true", vars: { PROVE_NIGHTLY: "true" }, result: "success" },
])("at night, with $variable as PROVE_NIGHTLY, every job is $result", async ({ vars, result }) => {
  const { results } = await prove(all, "schedule", vars);
  expect(results).toEqual({ promises: result, simulate: result, bench: result });
});

test("every change is checked by breaking each promise, too", async () => {
  const file = join(import.meta.dirname, "../../.github/workflows/ci.yml");
  const { jobs }: { jobs: Record<string, { steps: { run?: string }[] }> } = parse(await readFile(file, "utf8"));
  const scripts = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run));
  expect(scripts).toEqual(expect.arrayContaining(["npm run check", "npm run promises"]));
});
