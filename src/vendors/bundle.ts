import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { type Bundle, bundleDirectoryOf, type FileState, stateOf } from "../launch.ts";

/** A run loads parts of its bundle late; none takes this long. */
const keptMs = 24 * 60 * 60 * 1000;

/**
 * Puts the command line and all that it imports into one CommonJS file, packages left out; what is loaded late still is.
 * Beside it stand `bundle.json`, which names it, and `launch.cjs`, which runs it. Each appears when it is complete, however
 * many runs write them at once. Bundles of older sources are removed.
 * @throws when the directory cannot be written, or a file cannot be read or parsed.
 */
export async function writeBundle(source: string): Promise<void> {
  // What makes the bundle decides about it too.
  const inputs: FileState[] = [stateOf(join(source, "vendors/bundle.ts"))];
  const [bundle, launcher] = await Promise.all([
    bundled(join(source, "cli.ts"), inputs),
    bundled(join(source, "launch.ts"), inputs),
  ]);
  const file = `${hash("sha256", bundle)}.cjs`;
  const directory = bundleDirectoryOf(source);
  mkdirSync(directory, { recursive: true });
  writeWhole(join(directory, file), bundle);
  writeWhole(join(directory, "launch.cjs"), launcher);
  writeWhole(join(directory, "bundle.json"), JSON.stringify({ file, source, inputs } satisfies Bundle));
  removeOlder(directory);
}

async function bundled(entry: string, inputs: FileState[]): Promise<string> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: "cjs",
    platform: "node",
    target: "node22",
    packages: "external",
    plugins: [readThrough(inputs)],
    logLevel: "silent",
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const forgotten = imports.find(({ kind, external }) => kind === "dynamic-import" && external);
  // A script cannot import: it would fail late, in the middle of a tick.
  if (forgotten !== undefined) throw new TypeError(`${forgotten.path} is imported in an unknown way`);
  return asNodeImports(outputFiles[0]?.text ?? "");
}

/** What esbuild asks before it gives a package the default export that Node gives to CommonJS. */
const takenForCommonJs = "isNodeMode || !mod || !mod.__esModule ?";

/**
 * `require` also loads ECMAScript modules, and they have their own default export; esbuild would replace it. Node and tsx
 * both mark them as `__esModule`. A CommonJS package with that mark must not be imported by its default, and none is.
 */
function asNodeImports(code: string): string {
  const mended = code.replace(takenForCommonJs, "!mod || !mod.__esModule ?");
  if (mended === code && code.includes("__toESM(")) throw new TypeError("esbuild's output has another form");
  return mended;
}

/**
 * Notes the state of each file. A bundle stands at another place than the file, and as a script it cannot import: what
 * depends on either is replaced.
 */
function readThrough(inputs: FileState[]): Plugin {
  return {
    name: "read through",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        inputs.push(stateOf(path));
        const contents = readFileSync(path, "utf8")
          .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))
          .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
          .replace(/await import\((?="[^."])/g, "await importPackage(");
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
  for (const name of readdirSync(directory).filter((each) => /^[0-9a-f]{64}\.cjs/.test(each))) {
    const file = join(directory, name);
    const writtenMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (writtenMs < Date.now() - keptMs) rmSync(file, { force: true });
  }
}
