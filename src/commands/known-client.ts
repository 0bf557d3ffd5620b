import { UserError } from "../errors.ts";
import type { Workspace } from "../terms.ts";

/** @throws UserError with exit code 2 for a client without a file; one with a broken file is known. */
export function assertKnownClient({ clients, broken }: Workspace, client: string): void {
  if (broken.has(client) || clients.some(({ id }) => id === client)) return;
  throw new UserError(`there is no client ${client}: clients/${client}.yaml does not exist`, 2);
}
