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
  /** The path and content of every file: compared as they are, which is faster than any digest. */
  content: Uint8Array;
  workspace: Workspace;
  reads: Reads;
}

/** Looks the files up by their content, never by their age or size. */
export function openCache(directory: string, files: readonly WorkspaceFile[]): Cache {
  const path = join(directory, "workspace.bin");
  const content = contentOf(files);
  const stored = readCached<Stored>(path);
  return {
    ...(stored && content.equals(stored.content) && { unchanged: stored.workspace }),
    ...(stored && { reads: stored.reads }),
    keep: (workspace, reads) => writeCached(path, { content, workspace, reads } satisfies Stored),
  };
}

function contentOf(files: readonly WorkspaceFile[]): Buffer {
  const heads = files.map((file) => [file.path, "bytes" in file ? file.bytes.length : file.unreadable]);
  const bytes = files.flatMap((file) => ("bytes" in file ? [file.bytes] : []));
  return Buffer.concat([Buffer.from(JSON.stringify(heads)), ...bytes]);
}
