import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";

type Contexts = Record<"inputs" | "secrets" | "vars", Record<string, string | boolean>>;
interface Step {
  run?: string;
  env?: Record<string, string>;
}

let directory: string;
let work: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "clara-scripts-"));
  work = join(directory, "work");
  await mkdir(work);
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function steps(file: string): Promise<readonly Step[]> {
  const { jobs } = parse(await readFile(join(import.meta.dirname, "../../.github/workflows", file), "utf8"));
  return Object.values(jobs as Record<string, { steps: Step[] }>).flatMap((job) => job.steps);
}

/** What GitHub puts in place of `${{ context.name }}`; a name that is not set becomes nothing. */
function expand(value: string, contexts: Contexts): string {
  return value.replace(/\$\{\{ (\w+)\.([\w-]+) \}\}/g, (_, context: keyof Contexts, name: string) => {
    return String(contexts[context][name] ?? "");
  });
}

/** Runs every script of a workflow as the runner does. `npm` is the one in `bin`. */
async function runScripts(file: string, contexts: Contexts, bin: string) {
  const results: { code: number; output: string }[] = [];
  for (const { run, env = {} } of await steps(file)) {
    if (run === undefined) continue;
    const script = join(directory, "script.sh");
    await writeFile(script, run);
    const expanded = Object.entries(env).map(([name, value]) => [name, expand(value, contexts)]);
    const child = spawn("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", script], {
      cwd: work,
      env: { PATH: `${bin}:${process.env.PATH}`, HOME: directory, ...Object.fromEntries(expanded) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const [code] = await once(child, "close");
    results.push({ code, output });
    if (code !== 0) break;
  }
  return results;
}

/** An `npm` that only writes down its arguments and what the environment tells it. */
async function stubNpm(exitCode = 0) {
  const bin = join(directory, "bin");
  const log = join(directory, "npm.log");
  await mkdir(bin);
  const script = `#!/bin/bash\nprintf '%s\\0' "$@" "key=$OPENAI_API_KEY" >> '${log}'\nprintf '\\n\\0' >> '${log}'\nexit ${exitCode}\n`;
  await writeFile(join(bin, "npm"), script);
  await chmod(join(bin, "npm"), 0o755);
  const calls = async () => {
    const words = (await readFile(log, "utf8")).split("\0");
    return words
      .join("\0")
      .split("\0\n\0")
      .filter(Boolean)
      .map((call) => call.split("\0"));
  };
  return { bin, calls };
}

const contexts = (inputs: Contexts["inputs"] = {}): Contexts => ({
  inputs,
  secrets: { OPENAI_API_KEY: "sk-of-the-test" },
  vars: {},
});

const install = ["ci", "--ignore-scripts", "--omit=dev", "key="];

test.for([
  { trigger: "a schedule", inputs: {}, options: [] },
  { trigger: "a dispatch as it is offered", inputs: { client: "", "dry-run": false }, options: [] },
  { trigger: "a dispatch for a client", inputs: { client: "acme", "dry-run": false }, options: ["--client=acme"] },
  { trigger: "a dry run", inputs: { client: "", "dry-run": true }, options: ["--dry-run"] },
  { trigger: "both", inputs: { client: "acme", "dry-run": true }, options: ["--client=acme", "--dry-run"] },
])("$trigger runs one tick with $options, and only the tick sees the secrets", async ({ inputs, options }) => {
  const { bin, calls } = await stubNpm();
  const results = await runScripts("run.yml", contexts(inputs), bin);
  expect(results).toEqual([
    { code: 0, output: "" },
    { code: 0, output: "" },
  ]);
  expect(await calls()).toEqual([install, ["start", "--silent", "--", "run", ...options, "key=sk-of-the-test"]]);
});

const hostile = [
  "$(touch x)",
  "`touch x`",
  "; touch x",
  '"; touch x; "',
  "' && touch x && '",
  "a\ntouch x\n::add-mask::b",
  "* ? ~ $HOME {a,b}",
  "--dry-run",
  "-- --now 2026-01-01",
  " ",
  "\\",
];

test.for(hostile)("the client %j reaches npm as one word, and nothing is executed", async (client) => {
  const { bin, calls } = await stubNpm();
  const results = await runScripts("run.yml", contexts({ client, "dry-run": false }), bin);
  expect(results.at(-1)).toEqual({ code: 0, output: "" });
  expect((await calls())[1]).toEqual(["start", "--silent", "--", "run", `--client=${client}`, "key=sk-of-the-test"]);
  expect(await readdir(work)).toEqual([]);
});

test("a dry run is wanted only by the word true", async () => {
  const { bin, calls } = await stubNpm();
  await runScripts("run.yml", contexts({ client: "", "dry-run": "$(touch x) || true" }), bin);
  expect((await calls())[1]).toEqual(["start", "--silent", "--", "run", "key=sk-of-the-test"]);
  expect(await readdir(work)).toEqual([]);
});

test("the real npm hands such a client on as one word and prints none of it", async () => {
  const client = "a b\n::error::c $(touch x) `touch x`; touch x 'd' \"e\"";
  const print = 'require("node:fs").writeFileSync("arguments.json", JSON.stringify(process.argv.slice(2)))';
  await writeFile(join(work, "print.cjs"), print);
  const manifest = { name: "stand-in", version: "1.0.0", scripts: { start: "node print.cjs" } };
  await writeFile(join(work, "package.json"), JSON.stringify(manifest));
  await writeFile(join(work, "package-lock.json"), JSON.stringify({ ...manifest, lockfileVersion: 3, packages: {} }));
  const results = await runScripts("run.yml", contexts({ client, "dry-run": true }), directory);
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(results[1]?.output).not.toContain("::error::");
  expect(JSON.parse(await readFile(join(work, "arguments.json"), "utf8"))).toEqual([
    "run",
    `--client=${client}`,
    "--dry-run",
  ]);
  expect(await readdir(work)).not.toContain("x");
});

test.for(["run.yml", "validate.yml"])("a failure of npm fails the job of %s and ends it there", async (file) => {
  const { bin, calls } = await stubNpm(1);
  expect(await runScripts(file, contexts(), bin)).toEqual([{ code: 1, output: "" }]);
  expect(await calls()).toEqual([install]);
});

test("a pull request is validated with what is installed from the lock file", async () => {
  const { bin, calls } = await stubNpm();
  await runScripts("validate.yml", contexts(), bin);
  expect(await calls()).toEqual([install, ["start", "--silent", "--", "validate", "key="]]);
});
