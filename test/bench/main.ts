import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { benchIdle } from "./idle.ts";
import { benchLoad } from "./load.ts";
import { benchProcesses } from "./processes.ts";
import type { BenchRow } from "./row.ts";
import { benchJson, benchTable } from "./table.ts";
import { benchThroughput } from "./throughput.ts";

/**
 * One line for each bench; `npm run bench -- NAME…` runs only those named, and `--out FILE` writes the document of `--json`
 * beside the table.
 */
const benches: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  idle: () => benchIdle(),
  load: () => benchLoad(),
  throughput: () => benchThroughput(),
  processes: () => benchProcesses(),
};

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean" }, out: { type: "string" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no bench ${unknown.join(", ")}: ${Object.keys(benches).join(", ")}\n`);
  process.exitCode = 2;
} else {
  const rows: BenchRow[] = [];
  // One after the other: each of them wants the whole machine.
  for (const [name, bench] of Object.entries(benches))
    if (positionals.length === 0 || positionals.includes(name)) rows.push(...(await bench()));
  if (values.out !== undefined) await writeFile(values.out, `${benchJson(rows)}\n`);
  process.stdout.write(`${values.json ? benchJson(rows) : benchTable(rows)}\n`);
  process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;
}
