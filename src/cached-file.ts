import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { codeVersion } from "./code-version.ts";

/** CRC-32 tells damage; who wants to deceive could write a right one of any kind, and `node:crypto` takes 5 ms to load. */
const checksumBytes = 4;

interface Stored<Value> {
  /** What other code has stored may mean something else. */
  version: string;
  value: Value;
}

/**
 * A value that `writeCached` stored under this path, by the same code. Undefined whenever anything about the file is
 * odd: the caller then works the value out again.
 */
export function readCached<Value>(path: string): Value | undefined {
  try {
    const file = readFileSync(path);
    const body = file.subarray(checksumBytes);
    if (crc32(body) !== file.readUInt32LE()) return undefined;
    const { version, value }: Stored<Value> = deserialize(body);
    return version === codeVersion() ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Stores a value for the next time; a cache that cannot be written is no reason to stop. The file is renamed when it is
 * complete, so a reader sees the old value or the new one, however many runs write at once.
 */
export function writeCached(path: string, value: object): void {
  const unfinished = `${path}.${process.pid}-${process.hrtime.bigint()}`;
  try {
    const body = serialize({ version: codeVersion(), value } satisfies Stored<object>);
    const checksum = Buffer.alloc(checksumBytes);
    checksum.writeUInt32LE(crc32(body));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(unfinished, Buffer.concat([checksum, body]));
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
