import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PostingError, UserError } from "../errors.ts";
import { openCredentials } from "../post/seal.ts";
import { readSealed, writeSealed } from "../post/write-sealed.ts";
import { decryptWith, encryptTo, keysOf } from "../vendors/age.ts";
import {
  asUserError,
  naming,
  type Replacement,
  readYaml,
  realPathOf,
  refuseExample,
  replaceFiles,
} from "./sealed-file.ts";

export interface RotateOptions {
  /** Folder that holds clients/. */
  root: string;
  /** age public keys from clients/_defaults.yaml: everything is sealed to these. */
  recipients: readonly string[];
  /** CLARA_IDENTITY: opens what is sealed now. */
  identity: string | undefined;
  /** CLARA_NEW_IDENTITY: has to open everything afterwards. */
  newIdentity: string | undefined;
}

/**
 * Seals the credentials of every client anew, to the recipients that stand in the defaults now, and proves for each block
 * that the new identity opens it and that no retired key does. Returns what was done.
 * @throws UserError that names every client in the way; then no file has changed.
 */
export async function runRotate({ root, recipients, identity, newIdentity }: RotateOptions): Promise<string> {
  if (identity === undefined || newIdentity === undefined) {
    throw new UserError(
      "seal --rotate needs CLARA_IDENTITY, which opens the credentials now, and CLARA_NEW_IDENTITY, which is to open them from now on",
    );
  }
  refuseExample(recipients);
  const keys = await asUserError(tryKeys({ recipients, identity, newIdentity }));
  const changes = await sealAll(root, recipients, keys);
  await replaceFiles(changes);
  if (changes.length === 0) return "No client has sealed credentials: nothing was changed.";
  const count = changes.length === 1 ? "1 client" : `${changes.length} clients`;
  const old = keys.retired.length === 0 ? "No key was retired." : "The old identity opens none of them.";
  return [
    `Sealed the credentials of ${count} anew; every block opens with CLARA_NEW_IDENTITY. ${old}`,
    "Put both identities into the secret CLARA_IDENTITY, one per line; commit and merge; then leave the new one alone there.",
    "Earlier commits keep the old blocks: if the old identity has leaked, give the tokens up on X as well and connect again.",
  ].join("\n");
}

interface Keys {
  /** Opens what is sealed now. What an interrupted rotation has sealed already opens with the new identity. */
  before: string;
  after: string;
  /** Keys that must open nothing afterwards. */
  retired: readonly string[];
}

/** Tries the keys on a text that is no secret, before any file is opened. */
async function tryKeys(input: { recipients: readonly string[]; identity: string; newIdentity: string }): Promise<Keys> {
  const { recipients, identity, newIdentity } = input;
  const kept = new Set(keysOf(newIdentity, "CLARA_NEW_IDENTITY"));
  const retired = keysOf(identity).filter((key) => !kept.has(key));
  const trial = await encryptTo(recipients, "trial");
  if (!(await opens(newIdentity, trial))) {
    throw new UserError(
      "CLARA_NEW_IDENTITY does not fit the recipients in clients/_defaults.yaml: write its recipient there first (keygen prints both)",
    );
  }
  for (const key of retired) {
    if (!(await opens(key, trial))) continue;
    throw new UserError(
      "the recipient of the old identity still stands in clients/_defaults.yaml, so that it would go on opening everything: take it out, or keep its key in CLARA_NEW_IDENTITY too",
    );
  }
  return { before: `${identity}\n${newIdentity}`, after: newIdentity, retired };
}

async function opens(identity: string, armoured: string): Promise<boolean> {
  return decryptWith(identity, armoured, "CLARA_NEW_IDENTITY").then(
    () => true,
    (error: unknown) => {
      if (error instanceof PostingError) return false;
      throw error;
    },
  );
}

/** The new text of every file with a sealed block, or an error that names each file that is in the way. */
async function sealAll(root: string, recipients: readonly string[], keys: Keys): Promise<readonly Replacement[]> {
  const changes: Replacement[] = [];
  const failures: string[] = [];
  for (const file of await clientFiles(root)) {
    try {
      const change = await sealAnew(root, file, { recipients, keys });
      if (change !== undefined) changes.push(change);
    } catch (error) {
      if (!(error instanceof UserError || error instanceof PostingError)) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new UserError(["Nothing was changed:", ...failures].join("\n  "));
  return changes;
}

/** Every client's file, also those in which `validate` finds errors: a block left out would stay with the old key. */
async function clientFiles(root: string): Promise<readonly string[]> {
  const names = await readdir(join(root, "clients"));
  return names.filter((name) => /^[^_].*\.ya?ml$/i.test(name)).sort();
}

async function sealAnew(
  root: string,
  file: string,
  { recipients, keys }: { recipients: readonly string[]; keys: Keys },
): Promise<Replacement | undefined> {
  const name = `clients/${file}`;
  const path = await realPathOf(root, name);
  const before = await readYaml(path, name);
  const block = naming(name, () => readSealed(before));
  if (block === undefined) return undefined;
  let plaintext = "";
  // Opening it as a tick does refuses a block that was copied from another client.
  await openCredentials(block, file.replace(/\.ya?ml$/i, ""), async (armoured) => {
    plaintext = await decryptWith(keys.before, armoured);
    return plaintext;
  });
  const armoured = await encryptTo(recipients, plaintext);
  const text = naming(name, () => writeSealed(before, armoured));
  await prove(name, readSealed(text) ?? "", { plaintext, keys });
  return { path, before, text };
}

async function prove(name: string, block: string, { plaintext, keys }: { plaintext: string; keys: Keys }) {
  const isSame = (await decryptWith(keys.after, block, "CLARA_NEW_IDENTITY")) === plaintext;
  if (!isSame) throw new UserError(`${name}: the new block does not hold what the old one held`);
  for (const key of keys.retired) {
    if (await opens(key, block)) throw new UserError(`${name}: the old identity would still open the new block`);
  }
}
