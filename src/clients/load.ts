import { constants } from "node:fs";
import { open, readdir, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { UserError } from "../errors.ts";
import type { Workspace } from "../terms.ts";
import { assembleWorkspace } from "./assemble.ts";
import type { WorkspaceFile } from "./parse-file.ts";

/** A client file of this size would hold a hundred pages: it is a mistake, and parsing it would cost minutes. */
const maxBytes = 256 * 1024;
const filesAtOnce = 32;

/**
 * Reads `clients/` and `prompts/` under a root folder.
 * @throws UserError when there is no clients folder; everything wrong inside is a problem in the workspace.
 */
export async function loadWorkspace(root: string): Promise<Workspace> {
  return assembleWorkspace(await readWorkspaceFiles(root));
}

/** The files as they are, each with its bytes or why it cannot be read. @throws UserError as `loadWorkspace` does. */
export async function readWorkspaceFiles(root: string): Promise<readonly WorkspaceFile[]> {
  const realRoot = await realpath(root).catch(() => {
    throw new UserError(`${root} is not a folder`, 2);
  });
  const clients = await listFolder(realRoot, "clients");
  if (clients === undefined) throw new UserError(`${root} has no folder clients/: is --root right?`, 2);
  const paths = [...clients, ...((await listFolder(realRoot, "prompts")) ?? [])];
  const files: WorkspaceFile[] = [];
  for (let start = 0; start < paths.length; start += filesAtOnce) {
    const batch = paths.slice(start, start + filesAtOnce);
    files.push(...(await Promise.all(batch.map((path) => readOne(realRoot, path)))));
  }
  return files;
}

/** Paths of the YAML files of a folder, sorted, with forward slashes; undefined when there is no such folder. */
async function listFolder(root: string, folder: string): Promise<readonly string[] | undefined> {
  try {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory() && /\.ya?ml$/i.test(entry.name));
    return names.map(({ name }) => `${folder}/${name}`).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

async function readOne(root: string, path: string): Promise<WorkspaceFile> {
  try {
    const real = await realpath(join(root, path));
    if (relative(root, real).split(sep)[0] === "..") return leavesRoot(path);
    return await readLimited(path, real);
  } catch (error) {
    const hint = "check that the file exists and may be read";
    return { path, unreadable: { message: `cannot be read (${codeOf(error)})`, hint } };
  }
}

async function readLimited(path: string, real: string): Promise<WorkspaceFile> {
  // Without waiting: opening a named pipe would otherwise hang until someone writes to it.
  const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) {
      return { path, unreadable: { message: "this is not a regular file", hint: "put a plain file here" } };
    }
    const { bytesRead, buffer } = await handle.read(new Uint8Array(Math.min(stat.size, maxBytes) + 1));
    if (bytesRead > maxBytes) return tooLarge(path, stat.size);
    return { path, bytes: buffer.subarray(0, bytesRead) };
  } finally {
    await handle.close();
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

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
