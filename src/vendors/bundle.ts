import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

/** A run loads parts of its bundle late; none takes this long. */
const keptMs = 24 * 60 * 60 * 1000;

/**
 * Puts a module and all that it imports into one CommonJS file, packages left out; what is loaded late still is.
 * The file appears when it is complete, however many runs write it at once. Those of older sources are removed.
 */
export async function writeBundle(entry: string, file: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node22",
    packages: "external",
    plugins: [keepPlaces],
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new TypeError("esbuild gave no output");
  const unfinished = `${file}.${randomUUID()}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(unfinished, output.contents);
  await rename(unfinished, file);
  await removeOlder(dirname(file));
}

/** Files say where they are by `import.meta`, which in a bundle would be another place. */
const keepPlaces: Plugin = {
  name: "keep places",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = source
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: "ts" };
    });
  },
};

async function removeOlder(directory: string): Promise<void> {
  for (const name of (await readdir(directory)).filter((each) => each.includes(".cjs"))) {
    const { mtimeMs } = await stat(join(directory, name));
    if (mtimeMs < Date.now() - keptMs) await rm(join(directory, name), { force: true });
  }
}
