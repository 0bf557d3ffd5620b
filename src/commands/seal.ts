import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PostingError, UserError } from "../errors.ts";
import { sealCredentials } from "../post/seal.ts";
import { writeSealed } from "../post/write-sealed.ts";
import { encryptTo } from "../vendors/age.ts";

/** The recipient that this repository ships; its identity was thrown away. */
export const exampleRecipient = "age1sgt0ch5v8nasgeh7dh9xr5vwau4pek0aae4s546ckmc6kgjhxvnqqrzpyd";

export interface SealOptions {
  /** Folder that holds clients/. */
  root: string;
  client: string;
  /** age public key from clients/_defaults.yaml. */
  recipient: string;
  /** Asked once it is certain that the answer can be used. */
  readCredentials: () => Promise<unknown>;
}

/**
 * Seals a client's credentials into its file and returns what was done, without any value.
 * @throws UserError when the client, its file, the recipient or the credentials are wrong; the file then is as it was.
 */
export async function runSeal({ root, client, recipient, readCredentials }: SealOptions): Promise<string> {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(client)) {
    throw new UserError("a client's id is lower-case letters, digits and single hyphens, as in clients/acme.yaml", 2);
  }
  if (recipient === exampleRecipient) {
    throw new UserError(
      "clients/_defaults.yaml still names the example's recipient, which nobody can open: run keygen, and write yours there",
    );
  }
  const name = `clients/${client}.yaml`;
  const path = join(root, "clients", `${client}.yaml`);
  const replace = (text: string, armoured: string) => naming(name, () => writeSealed(text, armoured));
  // A file that can't be edited or a wrong key is told before anybody types a secret.
  replace(await readYaml(path, name), "trial");
  await asUserError(encryptTo(recipient, "trial"), "clients/_defaults.yaml: ");
  const payload = await readCredentials();
  const armoured = await asUserError(sealCredentials(payload, client, (text) => encryptTo(recipient, text)));
  await replaceFile(path, replace(await readYaml(path, name), armoured));
  return `Sealed the credentials of ${client} into ${name}. Commit that file; only CLARA_IDENTITY can open it.`;
}

async function readYaml(path: string, name: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") throw new UserError(`there is no ${name} (write the client's file first)`);
    throw new UserError(`${name} can't be read (${cause.code})`);
  });
  try {
    // The byte order mark is part of the text, so that it is written back.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UserError(`${name} is not UTF-8`);
  }
}

/** All or nothing: a crash in between leaves the old file and at most a stray temporary one. */
async function replaceFile(path: string, text: string): Promise<void> {
  // Its name does not end in .yaml: a tick that runs meanwhile must not take it for a client.
  const temporary = `${path}.${process.pid}.tmp`;
  const { mode } = await stat(path);
  try {
    await writeFile(temporary, text, { mode, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function naming<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${name}: ${error.message}`);
  }
}

async function asUserError<T>(work: Promise<T>, prefix = ""): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    throw new UserError(`${prefix}${error.message}`);
  }
}
