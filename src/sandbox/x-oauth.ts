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
}

/**
 * Checks OAuth 1.0a signatures (RFC 5849, HMAC-SHA1) and remembers nonces. Returns the account, or undefined for
 * whatever X answers 401 to. It measures timestamps by the real time, as the client library does, never by the tick's.
 */
export function signatureChecker(
  accounts: XSandboxAccounts,
  realTime: () => Date = () => new Date(),
): (request: SignedRequest) => XSandboxAccount | undefined {
  const usedAt = new Map<string, number>();
  return (request) => {
    const oauth = oauthParameters(request.authorization);
    const account = accounts(oauth.get("oauth_token") ?? "");
    if (account === undefined || oauth.get("oauth_consumer_key") !== account.appKey) return undefined;
    if (oauth.get("oauth_signature_method") !== "HMAC-SHA1" || oauth.get("oauth_version") !== "1.0") return undefined;
    if (!sameBytes(signature(request, oauth, account), oauth.get("oauth_signature") ?? "")) return undefined;
    const seconds = Math.trunc(realTime().getTime() / 1000);
    return isFresh(oauth, seconds, usedAt) ? account : undefined;
  };
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

function oauthParameters(authorization: string | undefined): ReadonlyMap<string, string> {
  if (!authorization?.startsWith("OAuth ")) return new Map();
  const pairs = [...authorization.matchAll(/(oauth_\w+)="([^"]*)"/g)];
  return new Map(pairs.map(([, name = "", value = ""]) => [name, decoded(value)]));
}

function signature(request: SignedRequest, oauth: ReadonlyMap<string, string>, account: XSandboxAccount): string {
  const [path = "", query = ""] = request.target.split("?");
  const fromHeader = [...oauth].filter(([name]) => name !== "oauth_signature");
  const parameters = [...fromHeader, ...queryPairs(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const base = [request.method.toUpperCase(), encoded(signedOrigin + path), encoded(parameters)].join("&");
  const key = `${encoded(account.appSecret)}&${encoded(account.accessSecret)}`;
  return createHmac("sha1", key).update(base).digest("base64");
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
