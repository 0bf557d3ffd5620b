import { appendFileSync } from "node:fs";

/** A line of what was counted: on stdout, and in the file that CRASH_COUNTS names, for whoever shows it elsewhere. */
export function tellCounts(line: string): void {
  process.stdout.write(`${line}\n`);
  const file = process.env.CRASH_COUNTS;
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}
