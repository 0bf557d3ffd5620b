import { hash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";

/**
 * Loading a hundred small TypeScript files takes longer than a tick with nothing due: decision 0009. So they are put into
 * one file, once after every change to them. It belongs to nobody but this installation, and goes with its packages.
 */
const kept = join(import.meta.dirname, "../node_modules/.cache/clara");

enableCompileCache(join(kept, "compiled"));
const bundle = join(kept, `${stamp(import.meta.dirname)}.cjs`);
const { main } = loadBundle() ?? (await buildAndLoad()) ?? (await import("./cli.ts"));
process.exitCode = await main();

/** Changes with every file of the source, told by what Git also tells a changed file by: size and times, that of the inode too. */
function stamp(source: string): string {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const states = files.map((file) => {
    const { size, mtimeMs, ctimeMs, ino } = statSync(join(source, file));
    return [file, size, mtimeMs, ctimeMs, ino];
  });
  return hash("sha256", JSON.stringify([source, process.version, states]));
}

/** A damaged file is as good as none: nothing has been done yet when it fails. */
function loadBundle(): typeof import("./cli.ts") | undefined {
  if (!existsSync(bundle)) return undefined;
  try {
    return createRequire(import.meta.url)(bundle);
  } catch {
    return undefined;
  }
}

/** Where nothing can be written the files are loaded one by one: slower, and the same. */
async function buildAndLoad(): Promise<typeof import("./cli.ts") | undefined> {
  try {
    const { writeBundle } = await import("./vendors/bundle.ts");
    await writeBundle(join(import.meta.dirname, "cli.ts"), bundle);
  } catch {
    return undefined;
  }
  return loadBundle();
}
