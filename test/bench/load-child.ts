import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/**
 * One measurement in a process of its own: `load-child.ts parse|hash|load <root> [cache folder]`. Modules are loaded
 * before the clock starts, so that the figures compare work with work. Prints the main thread's milliseconds (all of this
 * work is done there, one thing after the other), those of the wall clock, and the most memory held.
 */
const [mode, root = "", cacheDirectory] = process.argv.slice(2);
const now = new Date("2026-11-20T12:00:00Z");

function eachFile(work: (bytes: Buffer) => void): void {
  for (const folder of ["clients", "prompts"]) {
    for (const name of readdirSync(join(root, folder))) work(readFileSync(join(root, folder, name)));
  }
}

const work: Record<string, () => Promise<() => Promise<void>>> = {
  parse: async () => async () => eachFile((bytes) => parse(bytes.toString())),
  hash: async () => async () => eachFile((bytes) => createHash("sha256").update(bytes).digest("hex")),
  load: async () => {
    const { loadWorkspace } = await import("../../src/clients/load.ts");
    const { planDue } = await import("../../src/due/plan.ts");
    const { openZones } = await import("../../src/open-zones.ts");
    if (cacheDirectory === undefined) await import("../../src/clients/assemble.ts");
    return async () => {
      const kept = cacheDirectory === undefined ? undefined : openZones(cacheDirectory);
      const workspace = await loadWorkspace(root, cacheDirectory === undefined ? {} : { cacheDirectory });
      const plan = planDue({
        ...workspace,
        ...(kept && { zones: kept.zones }),
        state: { clients: new Map(), open: [], unsettled: [] },
        now,
      });
      kept?.keep();
      if (workspace.problems.length > 0 || plan.due.length === 0) throw new Error("nothing was planned");
    };
  },
};

const run = await work[mode ?? ""]?.();
const startedMs = performance.now();
const before = process.threadCpuUsage();
await run?.();
const { user, system } = process.threadCpuUsage(before);
const wallMs = performance.now() - startedMs;
process.stdout.write(
  JSON.stringify({ ms: (user + system) / 1000, wallMs, maxRssMb: process.resourceUsage().maxRSS / 1024 }),
);
