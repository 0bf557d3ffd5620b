import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import type { Context } from "./context.ts";
import { readCredentials } from "./read-credentials.ts";
import { openSealedFile, type SealedFile } from "./sealed-file.ts";

export interface SealOptions {
  /** Folder that holds clients/. */
  root: string;
  client: string;
  /** age public keys from clients/_defaults.yaml. */
  recipients: readonly string[];
  /** Asked once it is certain that the answer can be used. */
  readCredentials: () => Promise<unknown>;
}

/** The command: one client's credentials, or with --rotate everybody's anew. */
export async function seal({ arguments: given, environment, write }: Context): Promise<number> {
  const { root, positionals, flags } = given;
  const [client] = positionals;
  if ((client === undefined) !== (flags.rotate === true)) {
    throw new UserError("seal takes CLIENT, or --rotate (see `npm start -- seal --help`)", 2);
  }
  const { recipients } = (await loadWorkspace(root)).defaults;
  if (client !== undefined) {
    const ask = () => readCredentials({ input: process.stdin, output: process.stderr });
    write(`${await runSeal({ root, client, recipients, readCredentials: ask })}\n`);
    return 0;
  }
  const { runRotate } = await import("./rotate.ts");
  const identities = { identity: environment.CLARA_IDENTITY, newIdentity: environment.CLARA_NEW_IDENTITY };
  write(`${await runRotate({ root, recipients, ...identities })}\n`);
  return 0;
}

/**
 * Seals a client's credentials into its file and returns what was done, without any value.
 * @throws UserError when the client, its file, a recipient or the credentials are wrong; the file then is as it was.
 */
export async function runSeal({ readCredentials, ...wanted }: SealOptions): Promise<string> {
  const file = await openSealedFile(wanted);
  const credentials = await readCredentials();
  refuseOtherAccount(credentials, wanted.client, file);
  await file.seal(credentials);
  return `Sealed the credentials of ${wanted.client} into ${file.name}. Commit that file; only CLARA_IDENTITY can open it.`;
}

/** An access token begins with the id of its account; one without that says nothing about it. */
function refuseOtherAccount(credentials: unknown, client: string, { name, xUserId }: SealedFile): void {
  if (typeof credentials !== "object" || credentials === null || !("access_token" in credentials)) return;
  const [, owner] = /^(\d{1,19})-/.exec(String(credentials.access_token)) ?? [];
  if (owner === undefined || xUserId === undefined || owner === xUserId) return;
  throw new UserError(
    `the access token is of X user ${owner}, but ${client} is X user ${xUserId}: nothing was sealed. Give the token of ${client}'s own account; only if ${client} really is X user ${owner}, correct x_user_id in ${name} first`,
  );
}
