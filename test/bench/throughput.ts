import { Agent, request } from "node:http";
import { startCli } from "../support/cli.ts";
import { cpuBetween, cpuSeconds } from "./cpu.ts";
import { type Installation, type Latency, now, type OpenServices, openInstallation } from "./installation.ts";
import type { BenchRow } from "./row.ts";
import { cpuWords, seconds } from "./words.ts";

/** Slots that src/tick.ts serves at a time. */
const concurrency = 32;

export interface ThroughputOptions {
  slots: number;
  latency: Latency;
  /** Multiple of the ideal time that is allowed. */
  limit: number;
}

const promised: ThroughputOptions = { slots: 1000, latency: { modelMs: 300, xMs: 150 }, limit: 1.15 };

/** One process that serves slots whose only cost is to wait for the model and for X. */
export async function benchThroughput(options: ThroughputOptions = promised): Promise<BenchRow[]> {
  const installation = await openInstallation(options.slots);
  try {
    const services = await installation.open(options.latency);
    try {
      return await measure(installation, services, options);
    } finally {
      await services.close();
    }
  } finally {
    await installation.close();
  }
}

async function measure(
  { root }: Installation,
  services: OpenServices,
  { slots, latency, limit }: ThroughputOptions,
): Promise<BenchRow[]> {
  const idealMs = (slots * (latency.modelMs + latency.xMs)) / concurrency;
  const waitingMs = await waitOnly(services.environment, slots);
  const before = await services.counts();
  const cpuBefore = cpuSeconds();
  const startedMs = performance.now();
  const { code, stderr } = await startCli(runArguments(root), services.environment).finished;
  const wholeMs = performance.now() - startedMs;
  const cpuAfter = cpuSeconds();
  const counts = await services.counts();
  const posts = new Set(counts.posts).size;
  if (code !== 0 || posts !== slots || counts.posts.length !== slots)
    throw new Error(
      `${posts} of ${slots} slots were posted in ${counts.posts.length} posts, exit code ${code}: ${stderr.slice(-2000)}`,
    );
  const servingMs = (counts.closed?.firstAskedMs ?? 0) - (counts.reserved?.lastAnsweredMs ?? 0);
  const ratio = servingMs / idealMs;
  const cpu = cpuBefore && cpuAfter ? `, ${cpuWords(cpuBetween(cpuBefore, cpuAfter), slots)}` : "";
  const what = `${slots} slots, model ${latency.modelMs} ms, X ${latency.xMs} ms, ${concurrency} at a time`;
  return [
    {
      name: `throughput: ${what}`,
      figure: seconds(servingMs),
      floor: seconds(idealMs),
      ratio,
      limit,
      holds: ratio <= limit,
      detail: `two plain requests for each slot took ${seconds(waitingMs)}; the whole process ${seconds(wholeMs)}${cpu}`,
    },
    ledgerRow(counts.ledgerCalls, slots),
    callsRow("throughput: limiter calls per slot", counts.limiterRequests - before.limiterRequests, slots, 2),
  ];
}

export function runArguments(root: string): readonly string[] {
  return ["run", "--json", "--root", root, "--now", now.toISOString()];
}

/** Calls that come once for a tick, whatever its size. */
const perTick = new Set(["open_tick", "claim_slots", "reserve_slots", "close_tick"]);

function ledgerRow(calls: Readonly<Record<string, number>>, slots: number): BenchRow {
  const entries = Object.entries(calls);
  const perSlot = entries.filter(([name]) => !perTick.has(name)).reduce((sum, [, count]) => sum + count, 0);
  const detail = entries.map(([name, count]) => `${name} ${count}`).join(", ");
  return { ...callsRow("throughput: ledger calls per slot", perSlot, slots, 4), detail };
}

function callsRow(name: string, calls: number, slots: number, limit: number): BenchRow {
  const ratio = calls / slots;
  return { name, figure: ratio.toFixed(3), floor: "1", ratio, limit, holds: ratio <= limit };
}

/** The same waits without the work: as many workers, each with one request to the model and one to X for every slot. */
async function waitOnly({ OPENAI_BASE_URL = "", X_API_URL = "" }: Readonly<Record<string, string>>, slots: number) {
  const agent = new Agent({ keepAlive: true });
  const queue = Array.from({ length: slots }).keys();
  const body = JSON.stringify({ model: "gpt-5-mini", messages: [{ role: "user", content: "Topic: waiting" }] });
  const startedMs = performance.now();
  const worker = async () => {
    for (const _ of queue) {
      await plainRequest(`${OPENAI_BASE_URL}/chat/completions`, body, agent);
      await plainRequest(`${X_API_URL}/2/tweets`, "{}", agent);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  return performance.now() - startedMs;
}

/** X answers 401 to a request without a signature, as late as any other answer. */
function plainRequest(url: string, body: string, agent: Agent): Promise<void> {
  const headers = { authorization: "Bearer bench", "content-type": "application/json" };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  request(url, { method: "POST", agent, headers }, (response) => response.resume().once("end", resolve))
    .once("error", reject)
    .end(body);
  return promise;
}
