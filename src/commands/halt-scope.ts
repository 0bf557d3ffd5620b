import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import type { Halt } from "../levers.ts";
import { visible } from "../record/visible.ts";
import type { Context } from "./context.ts";

/** Whom a lever concerns. `isClient` is true when the files say that there is this client, or when nobody is named. */
export interface Scope {
  /** The client that is named, or `*` for all. */
  scope: string;
  isClient: boolean;
}

/** Without a name no file is read, so that posting can be stopped whatever state the files are in. */
export async function namedScope({ arguments: { root, positionals } }: Context): Promise<Scope> {
  const [client] = positionals;
  if (client === undefined) return { scope: "*", isClient: true };
  const { clients, broken } = await loadWorkspace(root);
  return { scope: client, isClient: clients.some(({ id }) => id === client) || broken.has(client) };
}

/** Wrong usage: nobody is called so. */
export function noSuchClient(client: string, elsewhere = ""): UserError {
  const name = visible(client);
  return new UserError(`there is no client ${name}: clients/${name}.yaml does not exist${elsewhere}`, 2);
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
