import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";
import { build, type Metafile, type Plugin, transform } from "esbuild";
import { contentsOf, versionedFiles } from "../code-version.ts";
import { type Bundle, bundleDirectoryOf, type FileState, type Kept, stateOf } from "../launch.ts";

/** A run loads parts of its bundle late; none takes this long. */
const keptMs = 24 * 60 * 60 * 1000;

/** What a tick with nothing due loads, all that these import included: decision 0009. */
const first = new Set(["cli.ts", "commands/run.ts", "vendors/supabase.ts"]);

/**
 * Puts the command line and all that it imports into two scripts, packages left out; what is loaded late still is. Beside
 * them stand `bundle.json`, which names them, and `launch.cjs`, which runs them. Each appears when it is complete, however
 * many runs write them at once. Bundles of older sources are removed.
 * @throws when the directory cannot be written, or a file cannot be read or parsed.
 */
export async function writeBundle(source: string): Promise<void> {
  // What makes the bundle decides about it too.
  const inputs = new Map<string, FileState>();
  note(inputs, join(source, "vendors/bundle.ts"));
  const [scripts, launcher] = await Promise.all([bundled(source, inputs), launcherOf(source, inputs)]);
  const directory = bundleDirectoryOf(source);
  mkdirSync(directory, { recursive: true });
  const [first, rest] = [keep(directory, scripts.first), keep(directory, scripts.rest)];
  // Read in the middle of a run: whether it is whole has to be known before.
  note(inputs, join(directory, rest.file));
  writeWhole(join(directory, "launch.cjs"), launcher);
  const bundle: Bundle = { source, inputs: [...inputs.values()], first, rest };
  writeWhole(join(directory, "bundle.json"), JSON.stringify(bundle));
  removeOlder(directory);
}

type Inputs = Map<string, FileState>;

/** Before it is read, and the first time counts: a change in between is then one since. */
function note(inputs: Inputs, path: string): void {
  if (!inputs.has(path)) inputs.set(path, stateOf(path));
}

function keep(directory: string, script: string): Kept {
  const file = `${hash("sha256", script)}.cjs`;
  writeWhole(join(directory, file), script);
  return { file, checksum: crc32(script) };
}

const common = {
  bundle: true,
  write: false,
  platform: "node",
  target: "node22",
  packages: "external",
  logLevel: "silent",
} as const;

async function launcherOf(source: string, inputs: Inputs): Promise<string> {
  const entryPoints = [join(source, "launch.ts")];
  const { outputFiles } = await build({ ...common, entryPoints, format: "cjs", plugins: [readThrough(inputs)] });
  // Without what `require` does for other modules, some 2 ms.
  return outputFiles[0]?.text.replaceAll('require("node:', 'process.getBuiltinModule("node:') ?? "";
}

/** Two objects of functions, each a part that is loaded as a whole: of one that is not called, nothing is compiled. */
async function bundled(source: string, inputs: Inputs): Promise<{ first: string; rest: string }> {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: [join(source, "cli.ts")],
    metafile: true,
    format: "esm",
    splitting: true,
    outdir: source,
    absWorkingDir: source,
    define: { bundledContents: JSON.stringify(versionedContents(source, inputs)) ?? "undefined" },
    plugins: [readThrough(inputs)],
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const forgotten = imports.find(({ kind, external }) => kind === "dynamic-import" && external);
  // A script cannot import: it would fail late, in the middle of a tick.
  if (forgotten !== undefined) throw new TypeError(`${forgotten.path} is imported in an unknown way`);
  const early = firstOf(metafile);
  const parts = await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      const name = basename(path);
      return { isFirst: early.has(name), code: `${JSON.stringify(`./${name}`)}: ${await asPart(text)}` };
    }),
  );
  const script = (isFirst: boolean) =>
    `({\n${parts
      .filter((part) => part.isFirst === isFirst)
      .map(({ code }) => code)
      .join(",\n")}\n})`;
  return { first: script(true), rest: script(false) };
}

/** Read here once instead of by every tick; undefined where a file is missing. */
function versionedContents(source: string, inputs: Inputs): string | undefined {
  const root = dirname(source);
  try {
    for (const file of versionedFiles(root)) note(inputs, join(root, file));
    return contentsOf(root);
  } catch {
    return undefined;
  }
}

/** The outputs that hold `first` and all that they import at their start. */
function firstOf({ outputs }: Metafile): ReadonlySet<string> {
  const found = new Set(Object.keys(outputs).filter((name) => first.has(outputs[name]?.entryPoint ?? "")));
  for (const name of found)
    for (const { path, kind } of outputs[name]?.imports ?? [])
      if (kind === "import-statement" && path in outputs) found.add(path);
  return found;
}

async function asPart(module: string): Promise<string> {
  const { code } = await transform(module, {
    format: "cjs",
    platform: "node",
    target: "node22",
    supported: { "dynamic-import": false },
  });
  const late = asNodeImports(code).replace(/^(var \w+ = )require\((?="node:)/gm, "$1requireLate(");
  return `(module, require, requireLate, importPackage) => {\n${asAscii(late)}}`;
}

/** esbuild leaves other characters in regular expressions, where an escape means the same, and in raw templates. */
function asAscii(code: string): string {
  if (/\.raw`[^`]*[^\0-\x7f]/.test(code)) throw new TypeError("a raw template cannot be written in ASCII");
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
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
function readThrough(inputs: Inputs): Plugin {
  return {
    name: "read through",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        note(inputs, path);
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
