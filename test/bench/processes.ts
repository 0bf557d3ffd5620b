import { hashClient, splitIntoShards } from "../../src/due/shards.ts";
import { type Installation, type Latency, openInstallation } from "./installation.ts";
import type { BenchRow } from "./row.ts";
import { type ServedAll, serveAll } from "./serve-all.ts";
import { cpuWords, loadWords, seconds } from "./words.ts";

export interface ProcessesOptions {
  slots: number;
  latencies: readonly Latency[];
  /** Multiple of one process's throughput that four must reach. */
  limit: number;
}

const promised: ProcessesOptions = {
  slots: 1000,
  latencies: [
    { modelMs: 300, xMs: 150 },
    // Four processes ask for as many slots a second here as one does above, so two cores are not what they wait for.
    { modelMs: 1200, xMs: 600 },
  ],
  limit: 3.2,
};

/** Four processes with the shards that `plan --shards` makes, against one with all clients; both have the services for themselves. */
export async function benchProcesses({ slots, latencies, limit }: ProcessesOptions = promised): Promise<BenchRow[]> {
  const installation = await openInstallation(slots);
  const hashes = installation.clients.map(({ id }) => hashClient(id));
  const shards = splitIntoShards(hashes, Math.ceil(slots / 4));
  try {
    const rows: BenchRow[] = [];
    for (const latency of latencies) {
      const one = await served(installation, latency, []);
      const four = await served(installation, latency, shards);
      rows.push(speedup({ slots, latency, limit, one, four }));
    }
    return rows;
  } finally {
    await installation.close();
  }
}

async function served(installation: Installation, latency: Latency, parts: readonly string[]): Promise<ServedAll> {
  const services = await installation.open(latency);
  try {
    return await serveAll(installation, services, parts);
  } finally {
    await services.close();
  }
}

function speedup(measured: {
  slots: number;
  latency: Latency;
  limit: number;
  one: ServedAll;
  four: ServedAll;
}): BenchRow {
  const { slots, latency, limit, one, four } = measured;
  const ratio = one.wholeMs / four.wholeMs;
  const rate = ({ wholeMs }: ServedAll) => `${((slots * 1000) / wholeMs).toFixed(1)}/s`;
  const used = four.cpu === undefined ? "" : `; with four, ${cpuWords(four.cpu, slots)}`;
  return {
    name: `four processes against one: ${loadWords(slots, latency)}`,
    figure: rate(four),
    floor: rate(one),
    ratio,
    limit,
    holds: ratio >= limit,
    detail: `from the first start to the last end ${seconds(four.wholeMs)} and ${seconds(one.wholeMs)}${used}`,
  };
}
