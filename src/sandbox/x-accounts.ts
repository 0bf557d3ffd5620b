import { createHash } from "node:crypto";
import type { XCredentials } from "../ports.ts";
import type { Client } from "../terms.ts";

/** What the sandbox knows of one account: whose it is, and the secrets that its signatures are checked against. */
export interface XSandboxAccount extends Omit<XCredentials, "accessToken"> {
  xUserId: string;
  /** Without the @. */
  handle: string;
  /** A paying account may post 25,000 characters; the timeline then carries the whole text in `note_tweet`. */
  premium?: boolean;
  /** What the token may do, as X tells it in a header of each answer. @default "read-write" */
  access?: "read" | "read-write" | "read-write-directmessages";
}

/** Finds the account of an access token; undefined answers 401. */
export type XSandboxAccounts = (accessToken: string) => XSandboxAccount | undefined;

const app = { appKey: "clara-sandbox-app", appSecret: "clara-sandbox-app-secret" };

/**
 * The same credentials for the same client on every machine, so that the default run needs no secret. They open
 * nothing but the sandbox.
 */
export function sandboxCredentials(client: Pick<Client, "id" | "xUserId" | "handle">): XCredentials {
  const name = Buffer.from(JSON.stringify([client.id, client.handle.replace(/^@/, "")])).toString("base64url");
  const accessToken = `${client.xUserId}-${name}`;
  return { ...app, accessToken, accessSecret: secretOf(accessToken) };
}

/** Knows every token that `sandboxCredentials` makes, in any process, without a list of clients. */
export function sandboxAccount(accessToken: string): XSandboxAccount | undefined {
  const [, xUserId, name] = /^(\d{1,19})-([\w-]+)$/.exec(accessToken) ?? [];
  if (xUserId === undefined || name === undefined) return undefined;
  const handle = handleIn(Buffer.from(name, "base64url").toString());
  if (handle === undefined) return undefined;
  return { ...app, xUserId, handle, accessSecret: secretOf(accessToken) };
}

function handleIn(json: string): string | undefined {
  try {
    const pair: unknown = JSON.parse(json);
    return Array.isArray(pair) && typeof pair[1] === "string" ? pair[1] : undefined;
  } catch {
    return undefined;
  }
}

function secretOf(accessToken: string): string {
  return createHash("sha256").update(`clara sandbox ${accessToken}`).digest("hex");
}
