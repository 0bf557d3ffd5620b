import { readdirSync, readFileSync } from "node:fs";

/** Seconds of processor time by whose they are. `ended` are processes that were waited for: the commands measured. */
export interface CpuSeconds {
  ended: number;
  servers: number;
  postgres: number;
  redis: number;
}

interface Stat {
  pid: number;
  name: string;
  parent: number;
  ownTicks: number;
  endedTicks: number;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: a tick is 10 ms on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** What this process's descendants have used so far; undefined where the kernel does not say so in /proc. */
export function cpuSeconds(): CpuSeconds | undefined {
  const all = readStats();
  const own = all.find(({ pid }) => pid === process.pid);
  if (own === undefined) return undefined;
  const family = new Set([own.pid]);
  // Parents may have larger numbers than their children once the kernel has begun to count anew.
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  const used = (of: (name: string) => boolean) =>
    all
      .filter(({ pid, name }) => family.has(pid) && pid !== own.pid && of(name))
      .reduce((sum, { ownTicks }) => sum + ownTicks, 0) / ticksPerSecond;
  return {
    ended: own.endedTicks / ticksPerSecond,
    postgres: used((name) => name === "postgres"),
    redis: used((name) => name === "redis-server"),
    servers: used((name) => name !== "postgres" && name !== "redis-server"),
  };
}

export function cpuBetween(before: CpuSeconds, after: CpuSeconds): CpuSeconds {
  return {
    ended: after.ended - before.ended,
    servers: after.servers - before.servers,
    postgres: after.postgres - before.postgres,
    redis: after.redis - before.redis,
  };
}

function readStats(): readonly Stat[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readStat(pid) ?? []);
  } catch {
    return [];
  }
}

function readStat(pid: string): Stat | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in brackets and may hold anything, brackets too.
    const [, name = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(line) ?? [];
    const fields = rest.split(" ");
    const ticks = (index: number) => Number(fields[index] ?? 0);
    return {
      pid: Number(pid),
      name,
      parent: Number(fields[1]),
      ownTicks: ticks(11) + ticks(12),
      endedTicks: ticks(13) + ticks(14),
    };
  } catch {
    return undefined; // it has ended in the meantime
  }
}
