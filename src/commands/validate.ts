import { realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import type { Problem, Workspace } from "../terms.ts";
import { escapeInvisible, neutraliseCommands } from "../vendors/actions.ts";
import { jsonLine } from "./context.ts";
import { type FileRepair, repairLines, repairsOf, withRepair } from "./fix.ts";

export interface ValidateInput {
  /** Folder that holds clients/ and prompts/. */
  root: string;
  /** Only the problems of these files, named from the root or from the current folder; none means all. */
  files: readonly string[];
  /** One JSON document instead of lines. */
  json?: boolean;
  /** Loaded from `root` when it is not given. */
  workspace?: Workspace;
  /** Mend what has one obvious repair first; without it, say what that would be. */
  fix?: boolean;
  /** Shows the problems at their lines, in GitHub Actions. */
  annotate?: (problems: readonly Problem[]) => void;
}

/**
 * Prints every problem of every file, or of the files named, and a line of counts. Returns the exit code: 1 with an
 * error, else 0.
 * @throws UserError with exit code 2 for a named file that is not there or no file of a workspace.
 */
export async function runValidate(input: ValidateInput, output: { write(line: string): void }): Promise<number> {
  const named = await Promise.all(input.files.map((file) => nameInRoot(input.root, file)));
  const repairs = await repairsOf(input.root, { named, write: input.fix === true });
  const workspace = input.workspace ?? (await loadWorkspace(input.root));
  const problems = problemsIn(workspace, named).map((problem) => withRepair(problem, input.fix ? [] : repairs));
  input.annotate?.(problems);
  const lines = input.json
    ? [jsonReport(problems, repairs)]
    : [...repairLines(repairs, problems, input.fix === true), ...problems.map(problemLine), countLine(problems, named)];
  for (const line of lines) output.write(line);
  return problems.some(isError) ? 1 : 0;
}

/** The problems of these files, or all of them when none is named; by file, then by line. */
export function problemsIn(workspace: Workspace, files: readonly string[]): readonly Problem[] {
  const wanted = new Set(files);
  return workspace.problems
    .filter(({ file }) => wanted.size === 0 || wanted.has(file))
    .toSorted((one, other) => order(one.file, other.file) || one.line - other.line || one.column - other.column);
}

/** `clients/acme.yaml:12:5 message (what to write instead)`, safe for a terminal and for GitHub's log parser. */
export function problemLine({ file, line, column, message, hint, severity }: Problem): string {
  const kind = severity === "warning" ? "warning: " : "";
  return neutraliseCommands(escapeInvisible(`${file}:${line}:${column} ${kind}${message} (${hint})`));
}

function countLine(problems: readonly Problem[], named: readonly string[]): string {
  const errors = problems.filter(isError).length;
  const where = named.length === 0 ? "" : ` in ${counted(named.length, "file")}`;
  return `${counted(errors, "error")}, ${counted(problems.length - errors, "warning")}${where}`;
}

function jsonReport(problems: readonly Problem[], repairs: readonly FileRepair[]): string {
  const errors = problems.filter(isError).length;
  const mended = repairs.length > 0 && { repairs };
  return jsonLine({ problems, errors, warnings: problems.length - errors, ...mended }).trimEnd();
}

/** The name that problems carry. People type paths from where they stand, tools from the root: both are understood. */
async function nameInRoot(root: string, file: string): Promise<string> {
  const paths = [resolve(root, file), resolve(file)];
  // Where a link leads to the root, one of the two may be written by it and the other not.
  const real = await Promise.all(paths.map(async (path) => join(await realOf(dirname(path)), basename(path))));
  const realRoot = await realOf(root);
  const named = paths.map((path) => ({ path, name: relative(resolve(root), path) }));
  for (const { path, name } of [...named, ...real.map((path) => ({ path, name: relative(realRoot, path) }))]) {
    if (isAbsolute(name) || !/^(clients|prompts)[\\/][^\\/]+\.ya?ml$/i.test(name)) continue;
    const found = await stat(path).then(
      (entry) => entry.isFile(),
      () => false,
    );
    if (found) return name.split(sep).join("/");
  }
  throw new UserError(`${escapeInvisible(file)} is not a YAML file in clients/ or prompts/`, 2);
}

/** The folder without links; a folder that is not there stays as it is written. */
async function realOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => resolve(folder));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}
