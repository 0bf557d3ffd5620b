import { createHash } from "node:crypto";
import { PostingError } from "../errors.ts";
import type { XCredentials } from "../ports.ts";

/** What a client's sealed block holds. Without app keys of its own the client posts through the shared app. */
export interface OpenedCredentials {
  x: { accessToken: string; accessSecret: string; appKey?: string; appSecret?: string };
  openaiApiKey?: string;
}

/** The fields of the sealed JSON besides `client`; the two that are true must be there. */
const fields = {
  access_token: true,
  access_secret: true,
  app_key: false,
  app_secret: false,
  openai_api_key: false,
} as const;
type Field = keyof typeof fields;

/**
 * The credentials of one client as an armoured block that names the client, so that it is worthless in another file.
 * @throws PostingError("config") that names the wrong field, never a value.
 */
export async function sealCredentials(
  payload: unknown,
  clientId: string,
  encrypt: (plaintext: string) => Promise<string>,
): Promise<string> {
  const where = `the credentials of ${clientId}`;
  const { client, ...values } = readObject(payload, where);
  if (client !== undefined && client !== clientId) throw refused(where, "belong to another client: check `client`");
  return encrypt(JSON.stringify({ client: clientId, ...readValues(values, where) }));
}

/**
 * Opens a client's sealed block.
 * @throws PostingError("config") when it belongs to another client, can't be opened, or has wrong fields.
 */
export async function openCredentials(
  armoured: string,
  clientId: string,
  decrypt: (armoured: string) => Promise<string>,
): Promise<OpenedCredentials> {
  const where = `the sealed block in clients/${clientId}.yaml`;
  const { client, ...rest } = readObject(parseJson(await decryptNaming(where, armoured, decrypt), where), where);
  if (client !== clientId) throw refused(where, `belongs to another client (run: seal ${clientId})`);
  const values = readValues(rest, where);
  return {
    x: {
      accessToken: values.access_token ?? "",
      accessSecret: values.access_secret ?? "",
      ...(values.app_key !== undefined && { appKey: values.app_key }),
      ...(values.app_secret !== undefined && { appSecret: values.app_secret }),
    },
    ...(values.openai_api_key !== undefined && { openaiApiKey: values.openai_api_key }),
  };
}

/** Tells one set of credentials from another without telling what they are; the ledger may keep it. */
export function fingerprint({ appKey, appSecret, accessToken, accessSecret }: XCredentials): string {
  const hash = createHash("sha256");
  // The length before each part keeps ("ab", "c") apart from ("a", "bc").
  for (const part of [appKey, appSecret, accessToken, accessSecret]) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest("hex");
}

async function decryptNaming(where: string, armoured: string, decrypt: (armoured: string) => Promise<string>) {
  try {
    return await decrypt(armoured);
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    throw new PostingError(error.kind, `${where} can't be opened: ${error.message}`, { cause: error });
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not as a cause: JSON.parse quotes the text.
    throw refused(where, "is not JSON (seal the credentials again)");
  }
}

function readObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw refused(where, "must be a JSON object");
}

function readValues(values: Record<string, unknown>, where: string): Partial<Record<Field, string>> {
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(fields, name)) throw faulty(where, `there is a field that is not known: ${safeName(name)}`);
  }
  const read: Partial<Record<Field, string>> = {};
  for (const [name, isRequired] of Object.entries(fields) as [Field, boolean][]) {
    const value = values[name];
    if (value === undefined && !isRequired) continue;
    if (value === undefined) throw faulty(where, `${name} is missing`);
    // Tokens and keys are printable ASCII without spaces; anything else is a slip of copy and paste.
    if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
      throw faulty(where, `${name} is wrong: one line of text without spaces is expected`);
    }
    read[name] = value;
  }
  if ((read.app_key === undefined) !== (read.app_secret === undefined)) {
    throw refused(where, "must have both app_key and app_secret, or neither");
  }
  return read;
}

/** A name that doesn't look like one may be a secret on the wrong side of the colon. */
function safeName(name: string): string {
  return /^[a-z_]{1,24}$/.test(name) ? name : "(its name is not shown, it may be a secret)";
}

function refused(where: string, what: string): PostingError {
  return new PostingError("config", `${where} ${what}`);
}

/** For what stands in them: `credentials` are many, a block is one, and these words fit both. */
function faulty(where: string, what: string): PostingError {
  return new PostingError("config", `${where}: ${what}`);
}
