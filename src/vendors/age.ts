import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { PostingError } from "../errors.ts";

/** A key pair of the kind that every `age` tool understands: the identity is secret, the recipient is public. */
export async function newIdentity(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/**
 * The text encrypted in ASCII armour, so that the identity of each recipient alone opens it.
 * @throws PostingError("config") when a recipient is none, or when there is none.
 */
export async function encryptTo(recipients: string | readonly string[], plaintext: string): Promise<string> {
  const encrypter = new Encrypter();
  const all = typeof recipients === "string" ? [recipients] : recipients;
  if (all.length === 0) throw new PostingError("config", "there is no recipient to encrypt to (run validate)");
  try {
    for (const recipient of all) encrypter.addRecipient(recipient.trim());
  } catch {
    // The library's own message quotes what it was given, and a person may have put the secret key there.
    throw new PostingError("config", "the recipient is not an age public key; it begins with age1");
  }
  return armor.encode(await encrypter.encrypt(plaintext));
}

/** Where an identity comes from, as its errors name it. */
type IdentityName = "CLARA_IDENTITY" | "CLARA_NEW_IDENTITY";

/**
 * Opens armoured texts. `identity` may be a whole identity file: other lines are ignored, and of several keys the one that
 * fits is used, so that a new key can be introduced before the old one is retired. One for many texts: half of the work is
 * in the keys.
 * @throws PostingError("config") when there is no key, and later when none fits or the text is damaged.
 */
export function openDecrypter(
  identity: string,
  name: IdentityName = "CLARA_IDENTITY",
): (armoured: string) => Promise<string> {
  const decrypter = new Decrypter();
  for (const key of keysOf(identity, name)) addKey(decrypter, key, name);
  return async (armoured) => {
    try {
      return await decrypter.decrypt(armor.decode(armoured), "text");
    } catch (error) {
      // No cause on any error of this file: what the library says could quote key material.
      throw new PostingError("config", explain(error, name));
    }
  };
}

/** What one armoured text contains; see `openDecrypter`. */
export async function decryptWith(identity: string, armoured: string, name?: IdentityName): Promise<string> {
  return openDecrypter(identity, name)(armoured);
}

/** The secret keys of an identity file. @throws PostingError("config") when there is none. */
export function keysOf(identity: string, name: IdentityName = "CLARA_IDENTITY"): readonly string[] {
  const lines = identity.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter((line) => line.startsWith("AGE-SECRET-KEY-"));
  if (keys.length === 0) throw noKey(name);
  return keys;
}

function addKey(decrypter: Decrypter, key: string, name: IdentityName): void {
  try {
    decrypter.addIdentity(key);
  } catch {
    throw noKey(name);
  }
}

function noKey(name: IdentityName): PostingError {
  return new PostingError("config", `${name} is not an age secret key; it begins with AGE-SECRET-KEY-1`);
}

/** The library tells its failures apart by words only; they choose our words and nothing else. */
function explain(error: unknown, name: IdentityName): string {
  const wrongKey = error instanceof Error && error.message.startsWith("no identity matched");
  return wrongKey
    ? `the credentials were sealed to another key than ${name} (seal them again)`
    : "the sealed block is damaged (seal the credentials again)";
}
