import { randomUUID } from "node:crypto";
import { readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { idPattern } from "../clients/id.ts";
import { PostingError, UserError } from "../errors.ts";
import { sealCredentials } from "../post/seal.ts";
import { readSealed, readXUserId, writeSealed } from "../post/write-sealed.ts";
import { encryptTo } from "../vendors/age.ts";

/** The recipient that this repository ships; its identity was thrown away. */
export const exampleRecipient = "age1sgt0ch5v8nasgeh7dh9xr5vwau4pek0aae4s546ckmc6kgjhxvnqqrzpyd";

export interface SealedFile {
  /** As messages name it: clients/<id>.yaml. */
  name: string;
  /** True when a sealed block stands there, which the next one replaces. */
  hasBlock: boolean;
  /** The account's id that stands in the file; undefined when `validate` has something to say about it. */
  xUserId: string | undefined;
  /** Seals credentials into the file as it is then, and changes nothing else in it. Throws UserError. */
  seal(payload: unknown): Promise<void>;
}

/**
 * A client's file into which credentials can be sealed, tried out before anybody types a secret or gives access.
 * @throws UserError when the id, the file or a recipient is wrong; the file then is as it was.
 */
export async function openSealedFile(input: {
  /** Folder that holds clients/. */
  root: string;
  client: string;
  /** age public keys from clients/_defaults.yaml. */
  recipients: readonly string[];
}): Promise<SealedFile> {
  const { root, client, recipients } = input;
  if (!idPattern.test(client)) {
    throw new UserError(
      "a client's id is lower-case letters, digits and single hyphens, at most 39, as in clients/acme.yaml",
      2,
    );
  }
  refuseExample(recipients);
  const name = `clients/${client}.yaml`;
  const path = await realPathOf(root, name);
  const text = await readYaml(path, name);
  naming(name, () => writeSealed(text, "trial"));
  await asUserError(encryptTo(recipients, "trial"), "clients/_defaults.yaml: ");
  return {
    name,
    hasBlock: readSealed(text) !== undefined,
    xUserId: readXUserId(text),
    seal: async (payload) => {
      const armoured = await asUserError(sealCredentials(payload, client, (plain) => encryptTo(recipients, plain)));
      const before = await readYaml(path, name);
      await replaceFiles([{ path, before, text: naming(name, () => writeSealed(before, armoured)) }]);
    },
  };
}

/** @throws UserError when one of the recipients is the example's. */
export function refuseExample(recipients: readonly string[]): void {
  if (!recipients.includes(exampleRecipient)) return;
  throw new UserError(
    "clients/_defaults.yaml still names the example's recipient, which nobody can open: run keygen, and write yours there",
  );
}

/**
 * Where a client's file really is: a link to it stays one, and its target holds the new credentials.
 * @throws UserError when there is none, or when a link leads out of the workspace, from where no tick reads it either.
 */
export async function realPathOf(root: string, name: string): Promise<string> {
  const real = (path: string) => realpath(path).catch((cause) => refuseToRead(name, cause));
  const [folder, path] = [await real(root), await real(join(root, name))];
  if (relative(folder, path).split(sep)[0] !== "..") return path;
  throw new UserError(`${name} is a link that leads out of the workspace (put the file itself there)`);
}

function refuseToRead(name: string, { code }: NodeJS.ErrnoException): never {
  if (code === "ENOENT") throw new UserError(`there is no ${name} (write the client's file first)`);
  throw new UserError(`${name} can't be read (${code})`);
}

/** The text of a client's file. @throws UserError when it is missing, can't be read, or is no UTF-8. */
export async function readYaml(path: string, name: string): Promise<string> {
  const bytes = await readFile(path).catch((cause) => refuseToRead(name, cause));
  try {
    // The byte order mark is part of the text, so that it is written back.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UserError(`${name} is not UTF-8`);
  }
}

export interface Replacement {
  /** Of a plain file: a link would be replaced by one. */
  path: string;
  /** What stands there now. */
  before: string;
  text: string;
}

/**
 * Replaces every file or none. All new texts are on the disk before the first file changes, and what fails then is taken
 * back; a crash in between leaves some files new, each of them whole, and stray temporary ones.
 */
export async function replaceFiles(files: readonly Replacement[], move: typeof rename = rename): Promise<void> {
  const staged: (Replacement & { temporary: string })[] = [];
  const replaced: Replacement[] = [];
  try {
    for (const file of files) {
      const { path, before, text } = file;
      // Somebody's edit of this moment must not be lost.
      if ((await readFile(path, "utf8")) !== before)
        throw new UserError(`${path} was changed meanwhile: run this again`);
      const temporary = temporaryOf(path);
      staged.push({ ...file, temporary });
      await writeFile(temporary, text, { mode: (await stat(path)).mode, flag: "wx" });
    }
    for (const file of staged) {
      await move(file.temporary, file.path);
      replaced.push(file);
    }
  } catch (error) {
    for (const { path, before } of replaced) await writeFile(path, before);
    for (const { temporary } of staged) await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * A name of its own every time: what a killed run left behind stands in nobody's way, not even under the same process id, as
 * in a container. It does not end in .yaml: a tick that runs meanwhile must not take it for a client.
 */
function temporaryOf(path: string): string {
  return `${path}.${randomUUID()}.tmp`;
}

/** The work's UserError, with the name of the file before its words. */
export function naming<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${name}: ${error.message}`);
  }
}

/** The work's PostingError as a UserError: here it is a person who has to act on it. */
export async function asUserError<T>(work: Promise<T>, prefix = ""): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    throw new UserError(`${prefix}${error.message}`);
  }
}
