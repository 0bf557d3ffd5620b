import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Client, Problem, Workspace } from "../terms.ts";
import { codeVersion } from "./code-version.ts";
import type { WorkspaceFile } from "./parse-file.ts";

/** What client files said when they were last read. */
export interface Reads {
  /** Names everything outside the files that they were checked against. */
  surroundings: string;
  /** By path. Only files without an error; each client carries the SHA-256 of its file. */
  clients: ReadonlyMap<string, { client: Client; problems: readonly Problem[] }>;
}

export interface Cache {
  /** The whole workspace, when no file has changed. */
  unchanged?: Workspace;
  /** Otherwise what can still be used of its parts. */
  reads?: Reads;
  /** Stores a workspace for the next time. A cache that cannot be written is no reason to stop. */
  keep(workspace: Workspace, reads: Reads): void;
}

interface Stored {
  digest: string;
  workspace: Workspace;
  reads: Reads;
}

/** Looks up files by the SHA-256 of their content, never by their age. Whatever is odd about the cache, it is empty. */
export function openCache(directory: string, files: readonly WorkspaceFile[]): Cache {
  const version = versionOrNone();
  if (version === undefined) return { keep: () => {} };
  const path = join(directory, "workspace.bin");
  const digest = digestOf(files);
  const stored = readStored(path, version);
  return {
    ...(stored?.digest === digest && { unchanged: stored.workspace }),
    ...(stored && { reads: stored.reads }),
    keep: (workspace, reads) => writeStored(path, version, { digest, workspace, reads }),
  };
}

/** Files of the installation that cannot be read, or another package manager's lock file: then nothing is kept. */
function versionOrNone(): string | undefined {
  try {
    return codeVersion();
  } catch {
    return undefined;
  }
}

function digestOf(files: readonly WorkspaceFile[]): string {
  const parts = files.map((file) => [file.path, "bytes" in file ? sha256(file.bytes) : file.unreadable.message]);
  return sha256(JSON.stringify(parts));
}

/** The checksum covers the version too, so that a cache of other code looks like a damaged one. */
function readStored(path: string, version: string): Stored | undefined {
  try {
    const file = readFileSync(path);
    const body = file.subarray(checksumBytes);
    if (!checksum(version, body).equals(file.subarray(0, checksumBytes))) return undefined;
    return deserialize(body);
  } catch {
    return undefined;
  }
}

/** Renamed when complete: a reader sees the old file or the new one, however many runs write at once. */
function writeStored(path: string, version: string, stored: Stored): void {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    const body = serialize(stored);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(unfinished, Buffer.concat([checksum(version, body), body]));
    renameSync(unfinished, path);
  } catch {
    rmSync(unfinished, { force: true });
  }
}

const checksumBytes = 32;

function checksum(version: string, body: Uint8Array): Buffer {
  return hash("sha256", `${version} ${sha256(body)}`, "buffer");
}

function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}
