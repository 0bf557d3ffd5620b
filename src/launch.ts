import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

/** Size, times and inode of a file: by these Git tells changed files. */
export type FileState = readonly [path: string, size: number, mtimeMs: number, ctimeMs: number, inode: number];

/** A script and the CRC-32 of its bytes, which tells damage; `node:crypto` would take longer than all else here. */
export interface Kept {
  file: string;
  checksum: number;
}

/** What `bundle.json` says. */
export interface Bundle {
  /** The folder that it was made from: a copy of the packages brings a bundle along that is another folder's. */
  source: string;
  /** Every file that was put into the bundle, as it was before it was read; and `rest`, as it was written. */
  inputs: readonly FileState[];
  /** All that a tick with nothing due calls. */
  first: Kept;
  /** Everything else, read when it is asked for. */
  rest: Kept;
}

/** What `require` gives is any value, and that of a script too. */
type Load = (name: string) => ReturnType<NodeJS.Require>;
type Part = (module: { exports: unknown }, require: Load, requireLate: Load, importPackage: Load) => void;
type Parts = Readonly<Record<string, Part>>;

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
  return isUsable ? run(directory, bundle) : undefined;
}

function isUnchanged(then: FileState): boolean {
  return stateOf(then[0]).every((part, index) => part === then[index]);
}

/** Run as scripts of their own, because tsx would read modules for what it has to translate. */
function run(directory: string, { first, rest }: Bundle): typeof import("./cli.ts") {
  const file = `${directory}/${first.file}`;
  const compiled = readCompiled(file);
  const script = readScript(directory, first, compiled);
  // A long run would forget the functions of its start, and later ones would compile them each time.
  if (compiled === undefined) process.getBuiltinModule("node:v8").setFlagsFromString("--no-flush-bytecode");
  const parts: Parts = script.runInThisContext();
  let late: Parts | undefined;
  const lateParts = (): Parts => {
    late ??= readScript(directory, rest).runInThisContext();
    return late ?? {};
  };
  const { load, asked } = linked(createRequire(file), (name) => parts[name] ?? lateParts()[name]);
  const isNew = compiled === undefined || script.cachedDataRejected === true;
  if (isNew) process.once("exit", () => wasIdle(asked, parts) && keepCompiled(file, script.createCachedData()));
  return load("./cli.js");
}

/** Of other runs it would lack functions that an idle tick calls, or hold what it has to read and never calls. */
function wasIdle(asked: ReadonlySet<string>, parts: Parts): boolean {
  return process.exitCode === 0 && asked.symmetricDifference(new Set(Object.keys(parts))).size === 0;
}

/** Parts of a bundle are called with what modules have; each once. Whatever else they ask for is Node's or a package. */
function linked(outside: Load, partOf: (name: string) => Part | undefined) {
  const loaded = new Map<string, { exports: unknown }>();
  const asked = new Set<string>();
  const load: Load = (name) => {
    if (name.startsWith("node:")) return process.getBuiltinModule(name);
    asked.add(name);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const part = name.startsWith("./") ? partOf(name) : undefined;
    if (part === undefined) return outside(name);
    const module = { exports: {} };
    loaded.set(name, module);
    part(module, load, loadLate, importPackage);
    return module.exports;
  };
  // Node's own modules take up to 5 ms each, and most runs use few.
  const loadLate: Load = (name) => new Proxy({}, { get: (_target, key) => Reflect.get(load(name), key) });
  const importPackage: Load = (name) => {
    asked.add(name);
    return import(name);
  };
  return { load, asked };
}

function readScript(directory: string, { file, checksum }: Kept, cachedData?: Buffer): Script {
  const filename = `${directory}/${file}`;
  const bytes = readFileSync(filename);
  if (crc32(bytes) !== checksum) throw new Error(`${filename} is damaged`);
  // Only ASCII is in it: V8 then need not widen what it holds.
  return new Script(bytes.toString("latin1"), { filename, ...(cachedData && { cachedData }) });
}

const checksumBytes = 4;

/** What V8 made of a script, functions that ran included. V8 itself would not notice that a byte has changed. */
function readCompiled(file: string): Buffer | undefined {
  try {
    const kept = readFileSync(`${file}.compiled`);
    const code = kept.subarray(checksumBytes);
    return crc32(code) === kept.readUInt32LE() ? code : undefined;
  } catch {
    return undefined;
  }
}

function keepCompiled(file: string, code: Buffer): void {
  try {
    const unfinished = `${file}.${process.pid}`;
    const checksum = Buffer.alloc(checksumBytes);
    checksum.writeUInt32LE(crc32(code));
    writeFileSync(unfinished, Buffer.concat([checksum, code]));
    renameSync(unfinished, `${file}.compiled`);
  } catch {
    // It is compiled again next time.
  }
}
