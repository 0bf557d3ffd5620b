import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeClients } from "./many-clients.ts";
import type { BenchRow } from "./row.ts";

type Mode = "parse" | "hash" | "load";

/** `ms` is processor time: unlike the wall clock it does not count what other processes take away. */
interface Measured {
  ms: number;
  wallMs: number;
  maxRssMb: number;
}

interface Workspace {
  clients: number;
  root: string;
  cacheDirectory: string;
}

/**
 * Loading, validating and planning many clients, each measurement in a process of its own: cold beside parsing the same
 * files with `yaml`, warm beside reading and hashing them, and how time and memory grow with the number of clients.
 */
export async function benchLoad({ most = 10_000, runs = 3 } = {}): Promise<BenchRow[]> {
  const counts = [most / 10, (most * 3) / 10, most];
  const workspaces = await Promise.all(counts.map(writeWorkspace));
  try {
    const [few, some, many] = await measureAll(workspaces, runs);
    if (few === undefined || some === undefined || many === undefined) throw new Error("three sizes are measured");
    return [
      coldRow(many),
      warmRow(many),
      growthRow("cold", few, many),
      growthRow("warm", few, many),
      memoryRow(few, some, many),
    ];
  } finally {
    for (const { root } of workspaces) await rm(root, { recursive: true, force: true });
    for (const { cacheDirectory } of workspaces) await rm(cacheDirectory, { recursive: true, force: true });
  }
}

async function writeWorkspace(clients: number): Promise<Workspace> {
  const [root, cacheDirectory] = [await writeClients(clients), await mkdtemp(join(tmpdir(), "clara-bench-cache-"))];
  return { clients, root, cacheDirectory };
}

type Round = Record<"parse" | "cold" | "hash" | "warm", Measured>;

interface Figures extends Round {
  clients: number;
  /** Of each round the figure to its floor; they follow each other at once, since the speed of a machine changes in a minute. */
  coldRatio: number;
  warmRatio: number;
}

/** Round by round, so that whatever else the machine does meanwhile falls on every figure. */
async function measureAll(workspaces: readonly Workspace[], runs: number): Promise<Figures[]> {
  const all: Figures[] = [];
  for (const { clients, root, cacheDirectory } of workspaces) {
    await measure("load", root, cacheDirectory);
    const rounds: Round[] = [];
    for (let round = 0; round < runs; round += 1) {
      const parse = await measure("parse", root);
      const cold = await measure("load", root);
      const hash = await measure("hash", root);
      rounds.push({ parse, cold, hash, warm: await measure("load", root, cacheDirectory) });
    }
    const middle = (name: keyof Round) => median(rounds.map((round) => round[name]));
    all.push({
      clients,
      parse: middle("parse"),
      hash: middle("hash"),
      cold: middle("cold"),
      warm: middle("warm"),
      coldRatio: middleOf(rounds.map(({ cold, parse }) => cold.ms / parse.ms)),
      warmRatio: middleOf(rounds.map(({ warm, hash }) => warm.ms / hash.ms)),
    });
  }
  return all;
}

/** Alone in a process, so that neither compiled code nor memory of one measurement helps or harms the next. */
async function measure(mode: Mode, root: string, cacheDirectory?: string): Promise<Measured> {
  const child = fileURLToPath(new URL("./load-child.ts", import.meta.url));
  const words = [child, mode, root, ...(cacheDirectory === undefined ? [] : [cacheDirectory])];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout);
}

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function median(measured: readonly Measured[]): Measured {
  return {
    ms: middleOf(measured.map(({ ms }) => ms)),
    wallMs: middleOf(measured.map(({ wallMs }) => wallMs)),
    maxRssMb: middleOf(measured.map(({ maxRssMb }) => maxRssMb)),
  };
}

function coldRow({ clients, cold, parse, coldRatio }: Figures): BenchRow {
  return timeRow(`load and plan ${clients} clients, cold`, {
    figure: cold,
    floor: parse,
    ratio: coldRatio,
    limit: 1.3,
    floorIs: "yaml alone",
  });
}

function warmRow({ clients, warm, hash, warmRatio }: Figures): BenchRow {
  return timeRow(`load and plan ${clients} clients, warm`, {
    figure: warm,
    floor: hash,
    ratio: warmRatio,
    limit: 5,
    floorIs: "reading and SHA-256",
  });
}

function growthRow(kind: "cold" | "warm", few: Figures, many: Figures): BenchRow {
  const [figure, floor] = [many[kind], few[kind]];
  return timeRow(`${few.clients} to ${many.clients} clients, ${kind}`, {
    figure,
    floor,
    ratio: figure.ms / floor.ms,
    limit: 11,
    floorIs: `${few.clients} clients`,
  });
}

function timeRow(
  name: string,
  {
    figure,
    floor,
    ratio,
    limit,
    floorIs,
  }: { figure: Measured; floor: Measured; ratio: number; limit: number; floorIs: string },
): BenchRow {
  return {
    name,
    figure: `${figure.ms.toFixed(0)} ms`,
    floor: `${floor.ms.toFixed(0)} ms (${floorIs})`,
    ratio,
    limit,
    holds: ratio <= limit,
    detail: `by the wall clock ${figure.wallMs.toFixed(0)} ms to ${floor.wallMs.toFixed(0)} ms`,
  };
}

/** Megabytes for each further client: from the second size to the third as many as from the first to the second. */
function memoryRow(few: Figures, some: Figures, many: Figures): BenchRow {
  const perThousand = (one: Figures, other: Figures) =>
    ((other.cold.maxRssMb - one.cold.maxRssMb) / (other.clients - one.clients)) * 1000;
  const [first, then] = [perThousand(few, some), perThousand(some, many)];
  const limit = 1.25;
  return {
    name: `memory for each 1000 clients, ${some.clients} to ${many.clients}`,
    figure: `${then.toFixed(1)} MB`,
    floor: `${first.toFixed(1)} MB (${few.clients} to ${some.clients})`,
    ratio: then / first,
    limit,
    holds: then / first <= limit,
    detail: [few, some, many].map(({ clients, cold }) => `${clients}: ${cold.maxRssMb.toFixed(0)} MB`).join(", "),
  };
}
