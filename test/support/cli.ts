import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { RunReport } from "../../src/record/report.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface StartedCli {
  process: ChildProcess;
  finished: Promise<Finished>;
}

/** Variables of this machine that would change what the command does are not passed on. */
const inherited = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };

/** Starts the real command line in a process of its own. */
export function startCli(args: readonly string[], environment: Readonly<Record<string, string>> = {}): StartedCli {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...inherited, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end();
  const finished = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]).then(
    ([stdout, stderr]) => ({ code: child.exitCode, stdout, stderr }),
  );
  return { process: child, finished };
}

/**
 * Node 24 aborts once in some hundred starts while it compiles PGlite's WebAssembly (nodejs/node#64500), before anything
 * was opened. Only that abort is started again.
 */
const knownAbort = "Check failed: jit_page";

export async function runCli(
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<Finished> {
  const finished = await startCli(args, environment).finished;
  return finished.stderr.includes(knownAbort) ? runCli(args, environment) : finished;
}

/** One tick with `--json`; fails with what the process said when it printed no report. */
export async function runTickCli(
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<RunReport & { code: number | null }> {
  const { code, stdout, stderr } = await runCli(["run", "--json", ...args], environment);
  if (!stdout.startsWith("{")) throw new Error(`no report, exit code ${code}: ${stderr}`);
  return { ...(JSON.parse(stdout) as RunReport), code };
}
