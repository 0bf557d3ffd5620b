import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { applyMutation, type Mutation } from "./mutation.ts";
import { readReport, type TestRun } from "./verdict.ts";

/** A copy of the working tree in which lines may be changed. */
export interface Tree {
  /** Runs the tests of a file whose full names contain one of the texts. */
  test(file: string, names: readonly string[]): Promise<TestRun>;
  /** The same with a mutation applied, which is taken back afterwards. */
  testMutated(mutation: Mutation): Promise<TestRun>;
}

const root = join(import.meta.dirname, "../..");
/** Too large, not part of the tree, or the state of a run. */
const leftOut = new Set(["node_modules", ".git", ".clara", "coverage"]);
/** The slowest of the chosen tests takes 10 s on a busy machine; one that hangs is ended by vitest before. */
const timeoutMs = 360_000;

/** Copies the working tree into a folder that goes with this process; the packages are linked, not copied. */
export async function copyTree(): Promise<Tree> {
  const directory = await mkdtemp(join(tmpdir(), "clara-promises-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const tree = join(directory, "tree");
  await cp(root, tree, { recursive: true, filter: (from) => !leftOut.has(basename(from)) });
  await symlink(join(root, "node_modules"), join(tree, "node_modules"));
  const test = (file: string, names: readonly string[]) => runVitest({ directory, tree, file, names });
  return {
    test,
    testMutated: async (mutation) => {
      const path = join(tree, mutation.file);
      const original = await readFile(path, "utf8");
      const mutated = applyMutation(original, mutation);
      if ("refused" in mutated) return { kind: "no-report", why: mutated.refused };
      await writeFile(path, mutated.text);
      try {
        return await test(mutation.testFile, [mutation.test]);
      } finally {
        await writeFile(path, original);
      }
    },
  };
}

interface VitestRun {
  directory: string;
  tree: string;
  file: string;
  names: readonly string[];
}

async function runVitest({ directory, tree, file, names }: VitestRun): Promise<TestRun> {
  const report = join(directory, "report.json");
  await rm(report, { force: true });
  const child = spawn(
    process.execPath,
    [
      join(tree, "node_modules/vitest/vitest.mjs"),
      ...["run", file, "-t", names.map((name) => RegExp.escape(name)).join("|")],
      ...["--reporter=json", `--outputFile=${report}`],
      // Beside the copy: the link to the packages would lead it into the developer's own cache.
      `--fsModuleCachePath=${join(directory, "cache")}`,
    ],
    // A group of its own, so that the workers of a test that hangs can be ended too.
    { cwd: tree, stdio: "ignore", detached: true },
  );
  const end = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  process.once("exit", end);
  const stop = new AbortController();
  const closed = once(child, "close", { signal: stop.signal }).then(() => "closed" as const);
  const late = sleep(timeoutMs, "late" as const, { signal: stop.signal });
  const first = await Promise.race([closed, late]);
  stop.abort();
  await Promise.allSettled([closed, late]);
  process.off("exit", end);
  if (first === "late") {
    end();
    return { kind: "no-report", why: `vitest took longer than ${timeoutMs / 1000} s` };
  }
  return readFile(report, "utf8").then(readReport, () => ({ kind: "no-report", why: "vitest left no report" }));
}
