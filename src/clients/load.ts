import type { Workspace } from "../terms.ts";
import { openCache } from "./cache.ts";
import { readFiles } from "./read-files.ts";

/**
 * Reads `clients/` and `prompts/` under a root folder. What they said last time is kept in `cacheDirectory`; without
 * one, nothing is kept. Parsers are loaded only when something has changed.
 * @throws UserError when there is no clients folder; everything wrong inside is a problem in the workspace.
 */
export async function loadWorkspace(root: string, options: { cacheDirectory?: string } = {}): Promise<Workspace> {
  const files = readFiles(root);
  const cache = options.cacheDirectory === undefined ? undefined : openCache(options.cacheDirectory, files);
  if (cache?.unchanged) return cache.unchanged;
  const { assembleFrom } = await import("./assemble.ts");
  const { workspace, reads } = assembleFrom(files, cache?.reads);
  cache?.keep(workspace, reads);
  return workspace;
}
