import { randomUUID } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fixText } from "../clients/fix.ts";
import { readFiles } from "../clients/read-files.ts";
import type { Problem } from "../terms.ts";
import { escapeInvisible, neutraliseCommands } from "../vendors/actions.ts";

/** A repair that was made, or that `--fix` would make. */
export interface FileRepair {
  file: string;
  line: number;
  column: number;
  says: string;
}

/** The repairs of every file, or of those named; written only when it is asked for. */
export async function repairsOf(
  root: string,
  { named, write }: { named: readonly string[]; write: boolean },
): Promise<readonly FileRepair[]> {
  const repairs: FileRepair[] = [];
  for (const file of readFiles(root)) {
    if ("unreadable" in file || (named.length > 0 && !named.includes(file.path))) continue;
    const text = decode(file.bytes);
    if (text === undefined) continue;
    const fixed = fixText(file.path, text);
    repairs.push(...fixed.repairs.map((repair) => ({ file: file.path, ...repair })));
    if (write && fixed.text !== text) await replace(join(root, file.path), fixed.text);
  }
  return repairs;
}

/** The byte order mark is part of the text, so that it is written back. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** All or nothing; a link stays one. The temporary name does not end in .yaml, so that nobody takes it for a client. */
async function replace(path: string, text: string): Promise<void> {
  const target = await realpath(path);
  const temporary = `${target}.${randomUUID()}.tmp`;
  const { mode } = await stat(target);
  try {
    await writeFile(temporary, text, { mode, flag: "wx" });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const offer = "`validate --fix` repairs this";

/** A problem with the word that it need not be mended by hand. */
export function withRepair(problem: Problem, repairs: readonly FileRepair[]): Problem {
  return repairs.some((repair) => isAt(problem, repair)) ? { ...problem, hint: `${problem.hint}; ${offer}` } : problem;
}

/** What was repaired; or, before it is, what is no problem and could stand better. */
export function repairLines(
  repairs: readonly FileRepair[],
  problems: readonly Problem[],
  isDone: boolean,
): readonly string[] {
  const told = isDone ? repairs : repairs.filter((repair) => !problems.some((problem) => isAt(problem, repair)));
  return told.map(({ file, line, column, says }) => {
    const words = isDone ? `repaired: ${says}` : `note: ${says.replace(" now", "")} after a repair (${offer})`;
    return neutraliseCommands(escapeInvisible(`${file}:${line}:${column} ${words}`));
  });
}

function isAt(problem: Problem, { file, line, column }: FileRepair): boolean {
  return problem.file === file && problem.line === line && problem.column === column;
}
