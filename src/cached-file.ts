import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { deserialize, serialize } from "node:v8";
import { codeVersion } from "./code-version.ts";

const checksumBytes = 32;

/**
 * A value that `writeCached` stored under this path, by the same code. Undefined whenever anything about the file is
 * odd: the caller then works the value out again.
 */
export function readCached<Value>(path: string): Value | undefined {
  try {
    const file = readFileSync(path);
    const body = file.subarray(checksumBytes);
    if (!checksum(body).equals(file.subarray(0, checksumBytes))) return undefined;
    return deserialize(body);
  } catch {
    return undefined;
  }
}

/**
 * Stores a value for the next time; a cache that cannot be written is no reason to stop. The file is renamed when it is
 * complete, so a reader sees the old value or the new one, however many runs write at once.
 */
export function writeCached(path: string, value: object): void {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    const body = serialize(value);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(unfinished, Buffer.concat([checksum(body), body]));
    renameSync(unfinished, path);
  } catch {
    removeIfThere(unfinished);
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder is no folder, or may not be written: then nothing was left there either.
  }
}

/** It covers the version too: what other code has stored looks damaged. */
function checksum(body: Uint8Array): Buffer {
  return hash("sha256", `${codeVersion()} ${hash("sha256", body)}`, "buffer");
}
