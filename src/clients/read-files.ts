import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { UserError } from "../errors.ts";
import type { WorkspaceFile } from "./parse-file.ts";

/** A client file of this size would hold fifty pages: it is a mistake, and parsing it would cost minutes. */
const maxBytes = 128 * 1024;

/**
 * The bytes of the YAML files in `clients/` and `prompts/` under a root folder, or why they cannot be had. Nothing else
 * happens in the process meanwhile, and one file after the other is then five times as fast as many at once.
 * @throws UserError when there is no clients folder.
 */
export function readFiles(root: string): readonly WorkspaceFile[] {
  const realRoot = realRootOf(root);
  const clients = readFolder(realRoot, "clients");
  if (clients === undefined) throw new UserError(`${root} has no folder clients/: is --root right?`, 2);
  return [...clients, ...(readFolder(realRoot, "prompts") ?? [])];
}

function realRootOf(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    throw new UserError(`${root} is not a folder`, 2);
  }
}

/** By path, with forward slashes; undefined when there is no such folder. */
function readFolder(root: string, folder: string): readonly WorkspaceFile[] | undefined {
  try {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory() && /\.ya?ml$/i.test(entry.name));
    const isInside = isUnder(root, realpathSync(join(root, folder)));
    return files
      .map((entry) => ({ path: `${folder}/${entry.name}`, isPlain: isInside && entry.isFile() }))
      .sort((one, other) => (one.path < other.path ? -1 : 1))
      .map((file) => readOne(root, file));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** A plain file of a folder that lies inside is inside itself; only links must be followed to know. */
function readOne(root: string, { path, isPlain }: { path: string; isPlain: boolean }): WorkspaceFile {
  try {
    const real = isPlain ? `${root}${sep}${path}` : realpathSync(join(root, path));
    if (!isPlain && !isUnder(root, real)) return leavesRoot(path);
    return readLimited(path, real);
  } catch (error) {
    const hint = "check that the file exists and may be read";
    return { path, unreadable: { message: `cannot be read (${codeOf(error)})`, hint } };
  }
}

function readLimited(path: string, real: string): WorkspaceFile {
  // Without waiting: opening a named pipe would otherwise hang until someone writes to it.
  const file = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      return { path, unreadable: { message: "this is not a regular file", hint: "put a plain file here" } };
    }
    const buffer = Buffer.allocUnsafe(Math.min(stat.size, maxBytes) + 1);
    const bytesRead = readSync(file, buffer);
    if (bytesRead > maxBytes) return tooLarge(path, stat.size);
    return { path, bytes: buffer.subarray(0, bytesRead) };
  } finally {
    closeSync(file);
  }
}

function tooLarge(path: string, size: number): WorkspaceFile {
  const message = `the file has ${Math.ceil(size / 1024)} KiB, and ${maxBytes / 1024} KiB is the most`;
  return { path, unreadable: { message, hint: "move what does not belong into it elsewhere" } };
}

function leavesRoot(path: string): WorkspaceFile {
  const message = "this link leads out of the workspace";
  return { path, unreadable: { message, hint: "put the file itself here" } };
}

function isUnder(root: string, path: string): boolean {
  return relative(root, path).split(sep)[0] !== "..";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
