// Loading a hundred small files takes longer than a tick with nothing due, so they are put into one: decision 0009.
// This file is read as TypeScript every time: the fewer forms it has, the faster.
let cli: typeof import("./cli.ts") | undefined;
try {
  cli = process
    .getBuiltinModule("node:module")
    .createRequire(import.meta.url)("../node_modules/.cache/clara/launch.cjs")
    .launch(import.meta.dirname);
} catch {
  // There is no bundle yet, or it is damaged.
}
cli ??= await (await import("./relaunch.ts")).relaunch();
process.exitCode = await cli.main();
