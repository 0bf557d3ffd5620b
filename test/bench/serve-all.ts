import { join } from "node:path";
import { startCli } from "../support/cli.ts";
import { type CpuSeconds, cpuBetween, cpuSeconds } from "./cpu.ts";
import { type Installation, now, type OpenServices } from "./installation.ts";

export interface ServedAll {
  /** From the start of the first process to the end of the last one. */
  wholeMs: number;
  /** From the answer that held the budgets to the call that closed the tick; with several processes, of all together. */
  servingMs: number;
  ledgerCalls: Readonly<Record<string, number>>;
  limiterRequests: number;
  cpu: CpuSeconds | undefined;
}

/** Runs one tick of the real command line in each shard at once; without shards, one tick for all. @throws Error unless every slot was posted exactly once. */
export async function serveAll(
  { clients, root }: Pick<Installation, "clients" | "root">,
  services: OpenServices,
  shards: readonly string[] = [],
): Promise<ServedAll> {
  const tick = ["run", "--json", "--root", root, "--state", join(root, ".clara"), "--now", now.toISOString()];
  const ticks = shards.length === 0 ? [tick] : shards.map((shard) => [...tick, "--shard", shard]);
  const before = await services.counts();
  const cpuBefore = cpuSeconds();
  const startedMs = performance.now();
  const ended = await Promise.all(ticks.map((args) => startCli(args, services.environment).finished));
  const wholeMs = performance.now() - startedMs;
  const cpuAfter = cpuSeconds();
  const counts = await services.counts();
  const said = ended.find(({ code }) => code !== 0)?.stderr.slice(-2000) ?? "";
  const accounts = new Set(counts.posts).size;
  const sends = counts.sends - before.sends;
  if (said !== "" || accounts !== clients.length || sends !== clients.length)
    throw new Error(`${clients.length} slots gave ${sends} sends and posts of ${accounts} accounts: ${said}`);
  return {
    wholeMs,
    servingMs: (counts.closed?.firstAskedMs ?? 0) - (counts.reserved?.lastAnsweredMs ?? 0),
    ledgerCalls: counts.ledgerCalls,
    limiterRequests: counts.limiterRequests - before.limiterRequests,
    cpu: cpuBefore && cpuAfter && cpuBetween(cpuBefore, cpuAfter),
  };
}
