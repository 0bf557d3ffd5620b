import { Agent, request } from "node:http";
import { type Installation, type Latency, type OpenServices, openInstallation } from "./installation.ts";
import type { BenchRow } from "./row.ts";
import { serveAll } from "./serve-all.ts";
import { concurrency, cpuWords, loadWords, seconds } from "./words.ts";

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
  installation: Installation,
  services: OpenServices,
  { slots, latency, limit }: ThroughputOptions,
): Promise<BenchRow[]> {
  const idealMs = (slots * (latency.modelMs + latency.xMs)) / concurrency;
  const waitingMs = await waitOnly(services.environment, slots);
  const { servingMs, wholeMs, ledgerCalls, limiterRequests, cpu } = await serveAll(installation, services);
  const ratio = servingMs / idealMs;
  const used = cpu === undefined ? "" : `; ${cpuWords(cpu, slots)}`;
  return [
    {
      name: `throughput: ${loadWords(slots, latency)}`,
      figure: seconds(servingMs),
      floor: seconds(idealMs),
      ratio,
      limit,
      holds: ratio <= limit,
      detail: `two plain requests for each slot took ${seconds(waitingMs)}, the whole process ${seconds(wholeMs)}${used}`,
    },
    ledgerRow(ledgerCalls, slots),
    callsRow("throughput: limiter calls per slot", limiterRequests, slots, 2),
  ];
}

/** Calls that come once for a tick, whatever its size. */
const perTick = new Set(["open_tick", "open_tick_only", "claim_slots", "reserve_slots", "close_tick"]);

function ledgerRow(calls: Readonly<Record<string, number>>, slots: number): BenchRow {
  const entries = Object.entries(calls);
  const perSlot = entries.filter(([name]) => !perTick.has(name)).reduce((sum, [, count]) => sum + count, 0);
  const detail = entries.map(([name, count]) => `${name} ${count}`).join(", ");
  return { ...callsRow("throughput: ledger calls per slot", perSlot, slots, 4), detail };
}

function callsRow(name: string, calls: number, slots: number, limit: number): BenchRow {
  const ratio = calls / slots;
  return { name, figure: ratio.toFixed(3), floor: "1", ratio, limit, holds: ratio <= limit, isCount: true };
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
