import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IdleServer } from "./idle-server.ts";
import type { BenchRow } from "./row.ts";

const project = join(import.meta.dirname, "../..");
const ways = [
  { name: "tsx, as npm start has it", before: [join(project, "node_modules/tsx/dist/cli.mjs")] },
  { name: "Node's own type stripping", before: [] },
];

/** Ten minutes after the slots of nine o'clock were posted. */
const idleAt = "2026-11-21T09:10:00Z";
const limit = 1.6;

/**
 * A tick with nothing due, as in the workflow: five clients, every service on loopback. Beside it an empty TypeScript
 * file, run in turns with it. Both are warm: the tick has run before on the same files.
 */
export async function benchIdle(runs = 25): Promise<BenchRow[]> {
  const server = fork(join(import.meta.dirname, "idle-server.ts"));
  const directory = mkdtempSync(join(tmpdir(), "clara-idle-"));
  try {
    const [served] = (await once(server, "message")) as [IdleServer];
    const scene = openScene(directory, served);
    return ways.map((way) => measure(way, scene, runs));
  } finally {
    const closed = once(server, "exit");
    server.disconnect();
    await closed;
    rmSync(directory, { recursive: true });
  }
}

interface Scene {
  empty: readonly string[];
  tick: readonly string[];
  environment: Readonly<Record<string, string>>;
  summary: string;
}

function openScene(directory: string, { root, environment }: IdleServer): Scene {
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  writeFileSync(join(directory, "empty.ts"), "");
  const summary = join(directory, "summary.md");
  const runner = {
    GITHUB_ACTIONS: "true",
    GITHUB_RUN_ID: "1",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_SHA: "c0ffee",
    GITHUB_OUTPUT: join(directory, "outputs"),
    GITHUB_STEP_SUMMARY: summary,
  };
  const { PATH = "", HOME = "" } = process.env;
  return {
    empty: [join(directory, "empty.ts")],
    tick: [join(project, "src/main.ts"), "--root", root, "--state", join(root, ".clara"), "--now", idleAt],
    environment: { PATH, HOME, ...environment, ...runner },
    summary,
  };
}

function measure({ name, before }: { name: string; before: readonly string[] }, scene: Scene, runs: number): BenchRow {
  const time = (file: readonly string[]) => {
    const startedMs = performance.now();
    execFileSync(process.execPath, [...before, ...file], { env: scene.environment, stdio: "pipe" });
    return performance.now() - startedMs;
  };
  // The first tick posts what is due, the second one keeps what the third one finds.
  for (let warm = 0; warm < 3; warm += 1) time(scene.tick);
  writeFileSync(scene.summary, "");
  const pairs = Array.from({ length: runs }, () => ({ emptyMs: time(scene.empty), tickMs: time(scene.tick) }));
  const idleTicks = readFileSync(scene.summary, "utf8").split("Nothing was due").length - 1;
  if (idleTicks !== runs) throw new Error(`${runs - idleTicks} of ${runs} ticks had something to do`);
  const [emptyMs, tickMs] = [median(pairs.map((pair) => pair.emptyMs)), median(pairs.map((pair) => pair.tickMs))];
  const ratio = tickMs / emptyMs;
  return {
    name: `a tick with nothing due, ${name}`,
    figure: `${tickMs.toFixed(0)} ms`,
    floor: `${emptyMs.toFixed(0)} ms`,
    ratio,
    limit,
    holds: ratio <= limit,
    detail: `floor: an empty TypeScript file; medians of ${runs} runs in turns, both warm`,
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
