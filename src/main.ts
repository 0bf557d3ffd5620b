/**
 * Loading a hundred small files takes longer than a tick with nothing due: decision 0009. So they are put into one file,
 * again after every change to one of them. It belongs to this installation alone, and goes with its packages.
 * Built-in modules are asked of Node itself: importing them would load all that they could export.
 */
const { hash } = process.getBuiltinModule("node:crypto");
const { existsSync, readFileSync, statSync } = process.getBuiltinModule("node:fs");
const { createRequire } = process.getBuiltinModule("node:module");
const { Script, constants } = process.getBuiltinModule("node:vm");

const kept = `${import.meta.dirname}/../node_modules/.cache/clara`;
const cli = fromBundle() ?? (await fromNewBundle()) ?? (await import("./cli.ts"));
process.exitCode = await cli.main();

/** Whatever is wrong with the bundle, it is as good as none: nothing has been done yet when it fails. */
function fromBundle(): typeof import("./cli.ts") | undefined {
  try {
    const { inputs, bundle } = JSON.parse(readFileSync(`${kept}/bundle.json`, "utf8"));
    return inputs.every(isUnchanged) ? load(`${kept}/${bundle}`) : undefined;
  } catch {
    return undefined;
  }
}

/** By size, times and inode, as Git tells changed files. */
function isUnchanged([file, ...state]: readonly [string, ...number[]]): boolean {
  const { size, mtimeMs, ctimeMs, ino } = statSync(file);
  return [size, mtimeMs, ctimeMs, ino].every((part, index) => part === state[index]);
}

/** With what V8 made of it, after its SHA-256: V8 itself would not notice that a byte of it has changed. */
function load(file: string) {
  const compiled = existsSync(`${file}.compiled`) ? readFileSync(`${file}.compiled`) : Buffer.alloc(32);
  const code = compiled.subarray(32);
  const isWhole = hash("sha256", code, "buffer").equals(compiled.subarray(0, 32));
  const script = new Script(`(function (module, require) {${readFileSync(file, "utf8")}\n})`, {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(isWhole && { cachedData: code }),
  });
  const module: { exports?: typeof import("./cli.ts") } = {};
  script.runInThisContext()(module, createRequire(file));
  if (!isWhole || script.cachedDataRejected) process.once("beforeExit", () => void keepCompiled(script, file));
  return module.exports;
}

async function keepCompiled(script: InstanceType<typeof Script>, file: string): Promise<void> {
  const { writeCompiled } = await import("./vendors/bundle.ts");
  writeCompiled(script.createCachedData(), `${file}.compiled`);
}

/** Where nothing can be written, the files are loaded one by one: slower, and the same. */
async function fromNewBundle() {
  try {
    const { writeBundle } = await import("./vendors/bundle.ts");
    await writeBundle(`${import.meta.dirname}/cli.ts`, kept);
  } catch {
    return undefined;
  }
  return fromBundle();
}
