import { hash } from "node:crypto";
import { join } from "node:path";
import { readCached, writeCached } from "../cached-file.ts";
import type { Client, Problem, Workspace } from "../terms.ts";
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
  /** What can be used of it when files have changed. */
  reads?: Reads;
  /** Stores a workspace for the next time. */
  keep(workspace: Workspace, reads: Reads): void;
}

interface Stored {
  /** Over the path and content of every file. */
  digest: string;
  workspace: Workspace;
  reads: Reads;
}

/** Looks the files up by their content, never by their age or size. */
export function openCache(directory: string, files: readonly WorkspaceFile[]): Cache {
  const path = join(directory, "workspace.bin");
  const digest = digestOf(files);
  const stored = readCached<Stored>(path);
  return {
    ...(stored?.digest === digest && { unchanged: stored.workspace }),
    ...(stored && { reads: stored.reads }),
    keep: (workspace, reads) => writeCached(path, { digest, workspace, reads } satisfies Stored),
  };
}

function digestOf(files: readonly WorkspaceFile[]): string {
  const parts = files.map((file) => [file.path, "bytes" in file ? hash("sha256", file.bytes) : file.unreadable]);
  return hash("sha256", JSON.stringify(parts));
}
