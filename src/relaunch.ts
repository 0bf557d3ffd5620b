import { launch } from "./launch.ts";

type Cli = typeof import("./cli.ts");

/** The command line from a new bundle. Where none can be written, its files are loaded one by one: slower, and the same. */
export async function relaunch(): Promise<Cli> {
  try {
    const { writeBundle } = await import("./vendors/bundle.ts");
    await writeBundle(import.meta.dirname);
    const cli = launch(import.meta.dirname);
    if (cli !== undefined) return cli;
  } catch {
    // An error in a file is told when it is loaded.
  }
  return import("./cli.ts");
}
