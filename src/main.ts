/**
 * Loading a hundred small files takes longer than a tick with nothing due, so they are put into one, again after every
 * change to one of them: decision 0009. Built-in modules are asked of Node itself: importing them would load all that
 * they could export. This file alone is read as TypeScript every time.
 */
const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
const kept = `${import.meta.dirname}/../node_modules/.cache/clara`;

const cli = fromBundle() ?? (await fromNewBundle()) ?? (await import("./cli.ts"));
process.exitCode = await cli.main();

/** Whatever is wrong with the bundle, it is as good as none: nothing has been done yet when it fails. */
function fromBundle(): typeof import("./cli.ts") | undefined {
  try {
    return require(`${kept}/launch.cjs`).launch(kept);
  } catch {
    return undefined;
  }
}

/** Where nothing can be written, the files are loaded one by one: slower, and the same. */
async function fromNewBundle() {
  try {
    await (await import("./vendors/bundle.ts")).writeBundle(import.meta.dirname, kept);
  } catch {
    return undefined;
  }
  return fromBundle();
}
