import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import type { Environment } from "../settings.ts";
import type { RunInfo } from "../terms.ts";
import { commitAndRunFromEnv } from "../vendors/actions.ts";

/** The run's id and the commit of the files it read: what a receipt points to. */
export async function identifyRun(environment: Environment): Promise<Pick<RunInfo, "id" | "commit">> {
  return commitAndRunFromEnv(environment) ?? { id: `local-${randomUUID()}`, commit: await currentCommit() };
}

/** With a plus sign when files differ from the commit; `none` outside a Git checkout. */
async function currentCommit(): Promise<string> {
  const { execFile } = await import("node:child_process");
  const git = promisify(execFile);
  try {
    const { stdout } = await git("git", ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"]);
    return stdout.trim();
  } catch {
    return "none";
  }
}
