/**
 * Loading a hundred small files takes longer than a tick with nothing due: decision 0009. So they are put into one file,
 * again after every change to one of them. It belongs to this installation alone, and goes with its packages.
 * Built-in modules are asked of Node itself: importing them would load all that they could export.
 */
const { hash } = process.getBuiltinModule("node:crypto");
const { readdirSync, readFileSync, renameSync, statSync, writeFileSync } = process.getBuiltinModule("node:fs");
const { createRequire } = process.getBuiltinModule("node:module");
const { join } = process.getBuiltinModule("node:path");
const { Script, constants } = process.getBuiltinModule("node:vm");

type Cli = typeof import("./cli.ts");

const source = import.meta.dirname;
const kept = join(source, "../node_modules/.cache/clara");
const bundle = join(kept, `${stamp()}.cjs`);
const compiled = `${bundle}.compiled`;

const { main } = loadBundle() ?? (await build()) ?? (await import("./cli.ts"));
process.exitCode = await main();

/** Changes with every file of the source, as Git tells changed files: by size, times and inode. */
function stamp(): string {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const states = files.map((file) => {
    const { size, mtimeMs, ctimeMs, ino } = statSync(join(source, file));
    return [file, size, mtimeMs, ctimeMs, ino];
  });
  return hash("sha256", JSON.stringify([source, process.version, states]));
}

/** Whatever is wrong with the bundle, it is as good as none: nothing has been done yet when it fails. */
function loadBundle(): Cli | undefined {
  try {
    const code = `(function (module, require) {${readFileSync(bundle, "utf8")}\n})`;
    const cachedData = readCompiled();
    const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    const options = { filename: bundle, importModuleDynamically, ...(cachedData && { cachedData }) };
    const script = new Script(code, options);
    const module: { exports?: Cli } = {};
    script.runInThisContext()(module, createRequire(bundle));
    if (cachedData === undefined || script.cachedDataRejected)
      process.once("exit", () => keepCompiled(script.createCachedData()));
    return module.exports;
  } catch {
    return undefined;
  }
}

/** Where nothing can be written, the files are loaded one by one: slower, and the same. */
async function build(): Promise<Cli | undefined> {
  try {
    const { writeBundle } = await import("./vendors/bundle.ts");
    await writeBundle(join(source, "cli.ts"), bundle);
  } catch {
    return undefined;
  }
  return loadBundle();
}

/** What V8 made of the bundle, functions that ran included. It does not notice itself when a byte has changed. */
function readCompiled(): Buffer | undefined {
  try {
    const file = readFileSync(compiled);
    const code = file.subarray(32);
    return hash("sha256", code, "buffer").equals(file.subarray(0, 32)) ? code : undefined;
  } catch {
    return undefined;
  }
}

function keepCompiled(code: Buffer): void {
  try {
    const unfinished = `${compiled}.${process.pid}`;
    writeFileSync(unfinished, Buffer.concat([hash("sha256", code, "buffer"), code]));
    renameSync(unfinished, compiled);
  } catch {
    // Compiled again next time.
  }
}
