import type { CpuSeconds } from "./cpu.ts";
import type { Latency } from "./installation.ts";

/** Slots that src/tick.ts serves at a time. */
export const concurrency = 32;

export function loadWords(slots: number, { modelMs, xMs }: Latency): string {
  return `${slots} slots, model ${modelMs} ms, X ${xMs} ms, ${concurrency} at a time`;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** Processor time for each slot, by whose it is. */
export function cpuWords({ ended, servers, postgres, redis }: CpuSeconds, slots: number): string {
  const each = (used: number) => `${((used * 1000) / slots).toFixed(1)} ms`;
  const all = ended + servers + postgres + redis;
  return `CPU per slot ${each(all)}: command ${each(ended)}, services ${each(servers)}, Postgres ${each(postgres)}, Redis ${each(redis)}`;
}
