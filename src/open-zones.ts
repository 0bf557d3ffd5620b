import { join } from "node:path";
import { readCached, writeCached } from "./cached-file.ts";
import type { Zones } from "./due/zones.ts";

/** What earlier runs learned of time zones, and a way to keep what this one learns: idle ticks then need no library. */
export function openZones(cacheDirectory: string): { zones: Zones; keep(): void } {
  const path = join(cacheDirectory, "zones.bin");
  const zones = readCached<Zones>(path) ?? new Map();
  const before = new Map(zones);
  const keep = () => {
    const isNew = [...zones].some(([name, years]) => before.get(name) !== years);
    if (isNew) writeCached(path, zones);
  };
  return { zones, keep };
}
