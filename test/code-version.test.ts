import { execFile } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { codeVersion, versionedFiles, versionOf } from "../src/code-version.ts";

const root = join(import.meta.dirname, "..");

async function copyOfCode(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "clara-version-"));
  for (const file of versionedFiles(root)) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await cp(join(root, file), join(copy, file));
  }
  return copy;
}

test("the version is that of the files' content, wherever they stand, and changes with each of them", async () => {
  const copy = await copyOfCode();
  const versions = new Set([versionOf(copy)]);
  expect([...versions]).toEqual([codeVersion()]);
  for (const file of versionedFiles(copy)) {
    await appendFile(join(copy, file), "\n");
    versions.add(versionOf(copy));
  }
  expect(versions.size).toBe(versionedFiles(copy).length + 1);
  await rm(copy, { recursive: true });
});

test("without a lock file there is no version", async () => {
  const copy = await copyOfCode();
  await rm(join(copy, "package-lock.json"));
  expect(() => versionOf(copy)).toThrow(/ENOENT/);
  await rm(copy, { recursive: true });
});

test("it covers every file of this project that reading clients and finding slots loads", async () => {
  const { stderr } = await promisify(execFile)(process.execPath, [
    "--import",
    join(root, "test/support/trace-imports.mjs"),
    "--input-type=module",
    "--eval",
    ["clients/assemble.ts", "due/slots.ts"]
      .map((file) => `import ${JSON.stringify(join(root, "src", file))};`)
      .join(""),
  ]);
  const own = stderr.split("\n").filter((line) => line.includes(root) && !line.includes("/node_modules/"));
  const loaded = own.map((line) => line.slice(line.indexOf(root) + root.length + 1));
  expect(loaded.length).toBeGreaterThan(20);
  expect(loaded.filter((file) => !versionedFiles(root).includes(file))).toEqual([]);
});
