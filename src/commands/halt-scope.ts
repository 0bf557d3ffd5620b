import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import type { Halt } from "../levers.ts";
import { visible } from "../record/visible.ts";
import type { Context } from "./context.ts";

/**
 * Whom a halt concerns: the client that is named, or `*` for all. Without a name no file is read, so that posting can be
 * stopped whatever state the files are in.
 * @throws UserError with exit code 2 for an unknown client.
 */
export async function haltScope({ arguments: { root, positionals } }: Context): Promise<string> {
  const [client] = positionals;
  if (client === undefined) return "*";
  const { clients, broken } = await loadWorkspace(root);
  if (clients.some(({ id }) => id === client) || broken.has(client)) return client;
  throw new UserError(`there is no client ${visible(client)}: clients/${visible(client)}.yaml does not exist`, 2);
}

/** `everything`, or the client. */
export function scopeName(scope: string): string {
  return scope === "*" ? "everything" : scope;
}

/** One line for each halt under a title, or a line that says that there was none. */
export function haltLines(title: string, halts: readonly Halt[]): readonly string[] {
  if (halts.length === 0) return [`${title}: nothing`];
  return [
    `${title}:`,
    ...halts.map((halt) => `  ${scopeName(halt.scope)}, since ${minute(halt.haltedAt)}: ${halt.why}`),
  ];
}

/** `2026-11-21 09:04 UTC`. */
export function minute(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
