import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach } from "vitest";
import { parse } from "yaml";
import { asText, expand } from "../support/expressions.ts";

export type Contexts = Record<"inputs" | "secrets" | "vars", Record<string, string | boolean>> & {
  matrix?: Record<string, string>;
  needs?: Record<string, { outputs: Record<string, string> }>;
};
interface Step {
  run?: string;
  env?: Record<string, string>;
}

interface ScriptStage {
  /** The folder that scripts run in; empty at first. */
  work(): string;
  /** Runs every script of a workflow's first job, or of `job`, as the runner does. `npm` is the one in `bin`, or the real one. */
  runScripts(
    file: string,
    contexts: Contexts,
    bin?: string,
    job?: string,
  ): Promise<readonly { code: number; output: string }[]>;
  /** An `npm` that only writes down its arguments and what the environment tells it. */
  stubNpm(exitCode?: number): ReturnType<typeof stubNpm>;
  /** Makes the folder a package whose start script writes down its arguments; the answer reads them. */
  standIn(): Promise<() => Promise<string[]>>;
}

/** A folder of its own for each test of the file that calls this. */
export function scriptStage(): ScriptStage {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "clara-scripts-"));
    await mkdir(join(directory, "work"));
    // A checkout above the folder, which scripts ask for its commit and which leaves the folder empty.
    const git = (...words: string[]) => promisify(execFile)("git", ["-C", directory, ...words]);
    await git("init", "--quiet");
    await git(
      "-c",
      "user.name=a",
      "-c",
      "user.email=a@example.com",
      "commit",
      "--quiet",
      "--allow-empty",
      "-m",
      "base",
    );
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });
  return {
    work: () => join(directory, "work"),
    runScripts: async (file, contexts, bin = directory, job = undefined) =>
      runScripts(await steps(file, job), contexts, { directory, bin }),
    stubNpm: (exitCode = 0) => stubNpm(directory, exitCode),
    standIn: () => standIn(join(directory, "work")),
  };
}

async function steps(file: string, job: string | undefined): Promise<readonly Step[]> {
  const { jobs } = parse(await readFile(join(import.meta.dirname, "../../.github/workflows", file), "utf8"));
  const named: Record<string, { steps: Step[] }> = jobs;
  return (job === undefined ? Object.values(named)[0] : named[job])?.steps ?? [];
}

async function runScripts(
  steps: readonly Step[],
  contexts: Contexts,
  { directory, bin }: { directory: string; bin: string },
) {
  const results: { code: number; output: string }[] = [];
  for (const { run, env = {} } of steps) {
    if (run === undefined) continue;
    const script = join(directory, "script.sh");
    await writeFile(script, run);
    const expanded = Object.entries(env).map(([name, value]) => [name, asText(expand(value, contexts))]);
    const child = spawn("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", script], {
      cwd: join(directory, "work"),
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

async function stubNpm(directory: string, exitCode: number) {
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

async function standIn(work: string) {
  const print = 'require("node:fs").writeFileSync("arguments.json", JSON.stringify(process.argv.slice(2)))';
  await writeFile(join(work, "print.cjs"), print);
  const manifest = { name: "stand-in", version: "1.0.0", scripts: { start: "node print.cjs" } };
  await writeFile(join(work, "package.json"), JSON.stringify(manifest));
  await writeFile(join(work, "package-lock.json"), JSON.stringify({ ...manifest, lockfileVersion: 3, packages: {} }));
  return async () => JSON.parse(await readFile(join(work, "arguments.json"), "utf8"));
}

export const contexts = (inputs: Contexts["inputs"] = {}): Contexts => ({
  inputs,
  secrets: { OPENAI_API_KEY: "sk-of-the-test" },
  vars: {},
});

/** How the stub of npm writes down the installation: without a secret. */
export const install = ["ci", "--ignore-scripts", "--omit=dev", "key="];

/** What a person could type into a field of the form. */
export const hostile = [
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
