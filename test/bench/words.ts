import type { CpuSeconds } from "./cpu.ts";

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** Processor time for each slot, by whose it is. */
export function cpuWords({ ended, servers, postgres, redis }: CpuSeconds, slots: number): string {
  const each = (used: number) => `${((used * 1000) / slots).toFixed(1)} ms`;
  const all = ended + servers + postgres + redis;
  return `CPU per slot ${each(all)}: command ${each(ended)}, services ${each(servers)}, Postgres ${each(postgres)}, Redis ${each(redis)}`;
}
