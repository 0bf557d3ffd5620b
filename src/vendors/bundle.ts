import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

/** A run loads parts of its bundle late; none takes this long. */
const keptMs = 24 * 60 * 60 * 1000;

/**
 * Puts a module and all that it imports into one CommonJS file, packages left out; what is loaded late still is.
 * `bundle.json` in the same directory names it, with the state of every file in it before that was read. Both appear when
 * they are complete, however many runs write them at once. Bundles of older sources are removed.
 * @throws when the directory cannot be written, or a file cannot be read or parsed.
 */
export async function writeBundle(entry: string, directory: string): Promise<void> {
  const states: (readonly [string, ...number[]])[] = [];
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node22",
    packages: "external",
    plugins: [readThrough(states)],
    logLevel: "silent",
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  const bundle = `${hash("sha256", contents)}.cjs`;
  mkdirSync(directory, { recursive: true });
  writeWhole(join(directory, bundle), contents);
  writeWhole(join(directory, "bundle.json"), JSON.stringify({ inputs: states, bundle }));
  removeOlder(directory);
}

/** What V8 made of a bundle, after its SHA-256. That it cannot be kept is no reason to fail. */
export function writeCompiled(code: Buffer, file: string): void {
  try {
    writeWhole(file, Buffer.concat([hash("sha256", code, "buffer"), code]));
  } catch {
    // It is compiled again next time.
  }
}

/** Notes the state of each file, and keeps what it says about its place: in a bundle, `import.meta` is another one. */
function readThrough(states: (readonly [string, ...number[]])[]): Plugin {
  return {
    name: "read through",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const { size, mtimeMs, ctimeMs, ino } = statSync(path);
        states.push([resolve(path), size, mtimeMs, ctimeMs, ino]);
        const contents = readFileSync(path, "utf8")
          .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))
          .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
        return { contents, loader: "ts" };
      });
    },
  };
}

function writeWhole(file: string, contents: string | Uint8Array): void {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, contents);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function removeOlder(directory: string): void {
  for (const name of readdirSync(directory).filter((each) => each.includes(".cjs"))) {
    const file = join(directory, name);
    const writtenMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (writtenMs < Date.now() - keptMs) rmSync(file, { force: true });
  }
}
