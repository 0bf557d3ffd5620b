import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCached, writeCached } from "../src/cached-file.ts";
import { codeVersion } from "../src/code-version.ts";

const value = {
  when: new Date(0),
  names: new Map([["acme", new Set([1, -0, Number.POSITIVE_INFINITY])]]),
  none: undefined,
};
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-cached-"));
  path = join(folder, "deep", "value.bin");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test("a value comes back as it was, and nothing else is left in the folder", async () => {
  writeCached(path, value);
  expect(readCached(path)).toStrictEqual(value);
  expect(await readdir(join(folder, "deep"))).toEqual(["value.bin"]);
});

test("a file that is not there holds nothing", () => {
  expect(readCached(path)).toBeUndefined();
});

test("one byte changed anywhere, and the file holds nothing", async () => {
  writeCached(path, { ...value, long: "x".repeat(5000) });
  const bytes = await readFile(path);
  for (let at = 0; at < bytes.length; at += at < 100 ? 1 : 100) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(path, damaged);
    expect([at, readCached(path)]).toEqual([at, undefined]);
  }
});

test("a file cut anywhere, or with more behind it, holds nothing", async () => {
  writeCached(path, value);
  const bytes = await readFile(path);
  for (let length = 0; length < bytes.length; length += 1) {
    await writeFile(path, bytes.subarray(0, length));
    expect([length, readCached(path)]).toEqual([length, undefined]);
  }
  await writeFile(path, Buffer.concat([bytes, Buffer.from("x")]));
  expect(readCached(path)).toBeUndefined();
});

test.for([
  { who: "other code", version: "other", expected: undefined },
  { who: "the same code", version: codeVersion(), expected: value },
])("what $who has stored holds $expected", async ({ version, expected }) => {
  const body = serialize({ version, value });
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body));
  await mkdir(join(folder, "deep"));
  await writeFile(path, Buffer.concat([checksum, body]));
  expect(readCached(path)).toStrictEqual(expected);
});

test("a folder in the place of the file holds nothing and stays", async () => {
  await mkdir(path, { recursive: true });
  writeCached(path, value);
  expect(readCached(path)).toBeUndefined();
  expect(await readdir(join(folder, "deep"))).toEqual(["value.bin"]);
});

test("a file in the place of the folder is no reason to stop", async () => {
  await writeFile(join(folder, "deep"), "");
  writeCached(path, value);
  expect(readCached(path)).toBeUndefined();
  expect(await readFile(join(folder, "deep"), "utf8")).toBe("");
});

test("a folder that may not be written keeps what it holds", async () => {
  writeCached(path, value);
  await chmod(join(folder, "deep"), 0o500);
  writeCached(path, process.getuid?.() === 0 ? value : {});
  expect(readCached(path)).toStrictEqual(value);
  await chmod(join(folder, "deep"), 0o700);
});

test("a value that cannot be stored leaves the last one", () => {
  writeCached(path, value);
  writeCached(path, { work: () => 1 });
  expect(readCached(path)).toStrictEqual(value);
});
