import { assembleWorkspace } from "../../src/clients/assemble.ts";
import type { Version } from "../../src/preview/touched.ts";
import { filesWith } from "../clients/workspace.ts";

/** A state of the repository: the files of `test/clients/workspace.ts` with these changes. */
export function version(
  texts: Readonly<Record<string, string | undefined>> = {},
  schemas: Readonly<Record<string, string>> = {},
): Version & { commit: string } {
  const files = filesWith(texts);
  return {
    commit: "a".repeat(40),
    files,
    workspace: assembleWorkspace(files),
    schemas: new Map(Object.entries(schemas)),
  };
}
