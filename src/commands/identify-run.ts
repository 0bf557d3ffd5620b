import { randomUUID } from "node:crypto";
import type { Environment } from "../settings.ts";
import type { RunInfo } from "../terms.ts";
import { commitAndRunFromEnv } from "../vendors/actions.ts";

/**
 * The run's id and the commit of the files it read: what a receipt points to. The commit is that of the folder `root`, with
 * a plus sign when files differ from it, and `none` outside a Git checkout.
 */
export async function identifyRun(environment: Environment, root: string): Promise<Pick<RunInfo, "id" | "commit">> {
  return commitAndRunFromEnv(environment) ?? { id: `local-${randomUUID()}`, commit: await commitIn(root) };
}

async function commitIn(root: string): Promise<string> {
  const { headCommit } = await import("../vendors/git.ts");
  return (await headCommit(root)) ?? "none";
}
