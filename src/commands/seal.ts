import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import type { Context } from "./context.ts";
import { readCredentials } from "./read-credentials.ts";
import { openSealedFile } from "./sealed-file.ts";

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
  await file.seal(await readCredentials());
  return `Sealed the credentials of ${wanted.client} into ${file.name}. Commit that file; only CLARA_IDENTITY can open it.`;
}
