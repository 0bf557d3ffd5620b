import { hash } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/** Size, times and inode of a file: by these Git tells changed files. */
export type FileState = readonly [path: string, size: number, mtimeMs: number, ctimeMs: number, inode: number];

/** What `bundle.json` says. */
export interface Bundle {
  file: string;
  /** The folder that it was made from: a copy of the packages brings a bundle along that is another folder's. */
  source: string;
  /** Every file that was put into the bundle, as it was before it was read. */
  inputs: readonly FileState[];
}

/** It belongs to this installation alone, and goes with its packages. */
export function bundleDirectoryOf(source: string): string {
  return join(source, "../node_modules/.cache/clara");
}

export function stateOf(path: string): FileState {
  const { size, mtimeMs, ctimeMs, ino } = statSync(path);
  return [path, size, mtimeMs, ctimeMs, ino];
}

/**
 * The exports of the bundle of a source folder; undefined when it was made from another folder, or a file has changed
 * since. Nothing has been done when it fails.
 * @throws when there is no bundle, or not every byte of it is as it was written.
 */
export function launch(source: string): typeof import("./cli.ts") | undefined {
  const directory = bundleDirectoryOf(source);
  const bundle: Bundle = JSON.parse(readFileSync(`${directory}/bundle.json`, "utf8"));
  const isUsable = bundle.source === source && bundle.inputs.every(isUnchanged);
  return isUsable ? run(`${directory}/${bundle.file}`) : undefined;
}

function isUnchanged(then: FileState): boolean {
  return stateOf(then[0]).every((part, index) => part === then[index]);
}

/** Run as a script of its own, because tsx would read a module for what it has to translate. */
function run(file: string) {
  const bundle = readFileSync(file);
  if (basename(file, ".cjs") !== hash("sha256", bundle)) throw new Error(`${file} is damaged`);
  const source = `(function (module, require, importPackage) {${bundle.toString()}\n})`;
  const compiled = readCompiled(file);
  // A long run would forget the functions of its start, and later ones would compile them each time.
  if (compiled === undefined) setFlagsFromString("--no-flush-bytecode");
  const script = new Script(source, { filename: file, ...(compiled && { cachedData: compiled }) });
  const module: { exports?: typeof import("./cli.ts") } = {};
  script.runInThisContext()(module, createRequire(file), (name: string) => import(name));
  if (compiled === undefined || script.cachedDataRejected)
    process.once("exit", () => keepCompiled(file, script.createCachedData()));
  return module.exports;
}

const checksumBytes = 32;

/** What V8 made of the bundle, functions that ran included. V8 itself would not notice that a byte has changed. */
function readCompiled(file: string): Buffer | undefined {
  try {
    const kept = readFileSync(`${file}.compiled`);
    const code = kept.subarray(checksumBytes);
    return hash("sha256", code, "buffer").equals(kept.subarray(0, checksumBytes)) ? code : undefined;
  } catch {
    return undefined;
  }
}

function keepCompiled(file: string, code: Buffer): void {
  try {
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, Buffer.concat([hash("sha256", code, "buffer"), code]));
    renameSync(unfinished, `${file}.compiled`);
  } catch {
    // It is compiled again next time.
  }
}
