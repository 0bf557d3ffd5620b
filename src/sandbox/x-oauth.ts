import { createHmac, timingSafeEqual } from "node:crypto";
import type { XSandboxAccount, XSandboxAccounts } from "./x-accounts.ts";

/** Seconds that a signature may differ from the real time, in both directions. */
const timestampWindowSeconds = 300;

/** Clients sign this origin even where the bytes travel to loopback. */
const signedOrigin = "https://api.x.com";

export interface SignedRequest {
  method: string;
  /** Path with its query, as it stood in the request line. */
  target: string;
  authorization: string | undefined;
  /** The body, when it is a form: its fields are signed too. */
  form?: string;
}

/** The secrets that a signature is made with. */
export interface SigningSecrets {
  appSecret: string;
  /** Empty for a request without a token. */
  accessSecret: string;
}

/**
 * Checks OAuth 1.0a signatures (RFC 5849, HMAC-SHA1) and remembers nonces. Returns the account, or undefined for
 * whatever X answers 401 to. It measures timestamps by the real time, as the client library does, never by the tick's.
 */
export function signatureChecker(
  accounts: XSandboxAccounts,
  realTime: () => Date = () => new Date(),
): (request: SignedRequest) => XSandboxAccount | undefined {
  const isFresh = freshnessChecker(realTime);
  return (request) => {
    const oauth = oauthParameters(request.authorization);
    const account = accounts(oauth.get("oauth_token") ?? "");
    if (account === undefined || oauth.get("oauth_consumer_key") !== account.appKey) return undefined;
    return isSigned(request, oauth, account) && isFresh(oauth) ? account : undefined;
  };
}

/** Whether a request is signed with these secrets. */
export function isSigned(request: SignedRequest, oauth: ReadonlyMap<string, string>, secrets: SigningSecrets): boolean {
  if (oauth.get("oauth_signature_method") !== "HMAC-SHA1" || oauth.get("oauth_version") !== "1.0") return false;
  return sameBytes(signature(request, oauth, secrets), oauth.get("oauth_signature") ?? "");
}

/** Tells a request of now from an old one and from one that was seen before. */
export function freshnessChecker(
  realTime: () => Date = () => new Date(),
): (oauth: ReadonlyMap<string, string>) => boolean {
  const usedAt = new Map<string, number>();
  return (oauth) => isFresh(oauth, Math.trunc(realTime().getTime() / 1000), usedAt);
}

function isFresh(oauth: ReadonlyMap<string, string>, now: number, usedAt: Map<string, number>): boolean {
  const timestamp = Number(oauth.get("oauth_timestamp"));
  const nonce = `${oauth.get("oauth_token")} ${oauth.get("oauth_nonce")}`;
  // The oldest stand first.
  for (const [old, at] of usedAt) {
    if (now - at <= 2 * timestampWindowSeconds) break;
    usedAt.delete(old);
  }
  if (!(Math.abs(timestamp - now) <= timestampWindowSeconds) || usedAt.has(nonce)) return false;
  usedAt.set(nonce, now);
  return true;
}

/** The OAuth parameters of an Authorization header; none when it is another kind of header. */
export function oauthParameters(authorization: string | undefined): ReadonlyMap<string, string> {
  if (!authorization?.startsWith("OAuth ")) return new Map();
  const pairs = [...authorization.matchAll(/(oauth_\w+)="([^"]*)"/g)];
  return new Map(pairs.map(([, name = "", value = ""]) => [name, decoded(value)]));
}

function signature(request: SignedRequest, oauth: ReadonlyMap<string, string>, secrets: SigningSecrets): string {
  const [path = "", query = ""] = request.target.split("?");
  const fromHeader = [...oauth].filter(([name]) => name !== "oauth_signature");
  // A field that stands in the header and in the form is signed once.
  const signed = new Map([...fromHeader, ...formFields(request.form ?? "")]);
  const parameters = [...signed, ...queryPairs(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const base = [request.method.toUpperCase(), encoded(signedOrigin + path), encoded(parameters)].join("&");
  const key = `${encoded(secrets.appSecret)}&${encoded(secrets.accessSecret)}`;
  return createHmac("sha1", key).update(base).digest("base64");
}

/** The fields of a form, in which a space is a plus sign. */
export function formFields(form: string): [string, string][] {
  return queryPairs(form.replaceAll("+", "%20"));
}

function queryPairs(query: string): [string, string][] {
  const pairs = query.split("&").filter((pair) => pair !== "");
  return pairs.map((pair) => {
    const [name = "", value = ""] = pair.split("=");
    return [decoded(name), decoded(value)];
  });
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not an encoding: the signature then differs, which is the answer
  }
}

function sameBytes(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
