import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { parse } from "yaml";
import { listPosts, openXDatabase } from "../../src/sandbox/x-store.ts";
import { runCli } from "../support/cli.ts";

/** `scenario.yaml`: what is typed one after the other, and what is seen. Lines may hold `…` for any text. */
export interface Scenario {
  /** A sentence about behaviour. */
  name: string;
  /** The first step finds no `.clara`. Otherwise it finds a ledger with nothing in it: making one takes seconds of a processor. */
  anew?: boolean;
  steps: readonly Step[];
}

interface Step {
  /** Words of the command line; `--root` and `--now` are added. */
  args: string;
  now?: string;
  environment?: Record<string, string>;
  /** Files written before the step, or with null deleted. */
  write?: Record<string, string | null>;
  /** @default 0 */
  exit?: number;
  /** Each must be among the lines, in this order. */
  stdout?: readonly string[];
  stderr?: readonly string[];
  /** A part of the document on stdout. */
  json?: object;
  /** The fields of that document, all of them. */
  fields?: readonly string[];
  /** Lines of files. */
  files?: Record<string, readonly string[]>;
  /** Paths that must not be there. */
  absent?: readonly string[];
  /** How many posts of each X account are public after the step. */
  public?: Record<string, number>;
}

const folder = import.meta.dirname;

/** The scenarios that stand beside this file, one folder each. */
export async function readScenarios(): Promise<readonly { directory: string; scenario: Scenario }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const directories = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"));
  return Promise.all(
    directories.map(async ({ name }) => ({
      directory: name,
      scenario: parse(await readFile(join(folder, name, "scenario.yaml"), "utf8")) as Scenario,
    })),
  );
}

/**
 * Runs one scenario in a folder of its own: the shared files, and over them those of the scenario.
 * @param state What `.clara` holds before the first step, unless the scenario begins anew.
 */
export async function playScenario(directory: string, { steps, anew }: Scenario, state: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "clara-scenario-"));
  try {
    for (const from of ["_base", directory]) await cp(join(folder, from), root, { recursive: true });
    if (!anew) await cp(state, join(root, ".clara"), { recursive: true });
    for (const [index, step] of steps.entries()) await playStep(root, step, `step ${index + 1}: ${step.args}`);
  } finally {
    await rm(root, { recursive: true });
  }
}

async function playStep(root: string, step: Step, where: string): Promise<void> {
  for (const [path, content] of Object.entries(step.write ?? {})) await plant(join(root, path), content);
  const clock = step.now === undefined ? [] : ["--now", step.now];
  const words = step.args === "" ? [] : step.args.split(" ");
  const seen = await runCli([...words, "--root", root, ...clock], step.environment);
  expect(seen.code, `${where}\n${seen.stderr}`).toBe(step.exit ?? 0);
  expectLines(seen.stdout, step.stdout ?? [], `${where}, stdout`);
  expectLines(seen.stderr, step.stderr ?? [], `${where}, stderr`);
  if (step.json !== undefined) expect(JSON.parse(seen.stdout), where).toMatchObject(step.json);
  if (step.fields !== undefined) expect(Object.keys(JSON.parse(seen.stdout)), where).toEqual(step.fields);
  for (const [path, lines] of Object.entries(step.files ?? {})) {
    expectLines(await readFile(join(root, path), "utf8"), lines, `${where}, ${path}`);
  }
  const there = await readdir(root, { recursive: true });
  for (const path of step.absent ?? []) expect(there, where).not.toContain(path);
  if (step.public !== undefined) expect(publicPosts(root), where).toEqual(step.public);
}

async function plant(path: string, content: string | null): Promise<void> {
  if (content === null) return rm(path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

function expectLines(text: string, expected: readonly string[], where: string): void {
  let rest = text.split("\n");
  for (const line of expected) {
    const pattern = new RegExp(`^${line.split("…").map(RegExp.escape).join(".*")}$`);
    const at = rest.findIndex((one) => pattern.test(one));
    expect(at, `${where}: no line “${line}” from here on:\n${rest.join("\n")}`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at + 1);
  }
}

function publicPosts(root: string): Record<string, number> {
  const database = openXDatabase(join(root, ".clara/x.db"));
  const counts: Record<string, number> = {};
  for (const { xUserId } of listPosts(database)) counts[xUserId] = (counts[xUserId] ?? 0) + 1;
  database.close();
  return counts;
}
