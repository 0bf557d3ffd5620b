import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { UserError } from "../errors.ts";

/** A file of a commit, its path counted from the root folder. */
export interface CommittedFile {
  path: string;
  bytes: Uint8Array;
}

/**
 * The commit that a revision names and its files in `folders`, without those below sub-folders.
 * @throws UserError when the folder is no Git checkout or has no such revision.
 */
export async function readCommit(
  root: string,
  revision: string,
  folders: readonly string[],
): Promise<{ commit: string; files: readonly CommittedFile[] }> {
  const commit = await resolveCommit(root, revision);
  const { stdout } = await git(root, ["ls-tree", "-r", "-z", commit, "--", ...folders]);
  const entries = stdout.split("\0").flatMap((entry) => {
    const [, kind, hash, path] = /^\d+ (\w+) ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    const isDirect = path !== undefined && path.split("/").length === 2;
    return kind === "blob" && hash !== undefined && isDirect ? [{ hash, path }] : [];
  });
  const contents = await readBlobs(
    root,
    entries.map(({ hash }) => hash),
  );
  return { commit, files: entries.map(({ path }, index) => ({ path, bytes: contents[index] ?? new Uint8Array() })) };
}

/** The commit checked out in a folder, with a plus sign when files differ from it; undefined outside a Git checkout. */
export async function headCommit(root: string): Promise<string | undefined> {
  try {
    const { stdout } = await git(root, ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"]);
    return stdout.trim();
  } catch {
    return undefined;
  }
}

async function resolveCommit(root: string, revision: string): Promise<string> {
  try {
    const { stdout } = await git(root, [
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${revision}^{commit}`,
    ]);
    return stdout.trim();
  } catch {
    const act = "fetch it first, or name a branch, tag or commit that is here";
    throw new UserError(`${revision} is no revision of the Git repository at ${root} (${act})`, 2);
  }
}

function git(root: string, args: readonly string[]) {
  return promisify(execFile)("git", [...args], { cwd: root, maxBuffer: 1 << 28 });
}

/** One process for all: 10,000 files are read in a second. */
async function readBlobs(root: string, hashes: readonly string[]): Promise<readonly Uint8Array[]> {
  if (hashes.length === 0) return [];
  const child = spawn("git", ["cat-file", "--batch"], { cwd: root, stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "close");
  child.stdin.end(hashes.map((hash) => `${hash}\n`).join(""));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  await ended;
  return splitBatch(Buffer.concat(chunks));
}

/** Each object is `<hash> <kind> <size>`, a line feed, its bytes, a line feed (git-cat-file, "BATCH OUTPUT"). */
function splitBatch(output: Buffer): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < output.length; ) {
    const lineEnd = output.indexOf(10, at);
    const size = Number(output.toString("latin1", at, lineEnd).split(" ")[2]);
    found.push(output.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 1;
  }
  return found;
}
