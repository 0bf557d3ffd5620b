import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { signatureChecker } from "../../src/sandbox/x-oauth.ts";

// The keys, nonce and time of X's own page on creating a signature; the path is one of v2.
// https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature
const keys = {
  appKey: "xvz1evFS4wEEPTGEFPHBog",
  appSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
  accessSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
};
const token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb";
const signedAt = new Date(1_318_622_958_000);
const target = "/2/users/1/tweets?exclude=retweets%2Creplies&note=a%20b%2Bc!";

function header(change: Record<string, string> = {}): string {
  const oauth: Record<string, string> = {
    oauth_consumer_key: keys.appKey,
    oauth_nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: "1318622958",
    oauth_token: token,
    oauth_version: "1.0",
    ...change,
  };
  const parameters =
    `exclude=retweets%2Creplies&note=a%20b%2Bc%21&` +
    Object.entries(oauth)
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
  const url = "https%3A%2F%2Fapi.x.com%2F2%2Fusers%2F1%2Ftweets";
  const base = `GET&${url}&${encodeURIComponent(parameters)}`;
  const signature = createHmac("sha1", `${keys.appSecret}&${keys.accessSecret}`).update(base).digest("base64");
  const all = { ...oauth, oauth_signature: encodeURIComponent(signature) };
  return `OAuth ${Object.entries(all)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}`;
}

function checker(realTime = signedAt) {
  const account = { ...keys, xUserId: "1", handle: "a" };
  return signatureChecker(
    (known) => (known === token ? account : undefined),
    () => realTime,
  );
}

test("a right signature opens the account once", () => {
  const check = checker();
  const request = { method: "GET", target, authorization: header() };
  expect(check(request)?.xUserId).toBe("1");
  expect(check(request), "the nonce was used").toBeUndefined();
  expect(check({ ...request, authorization: header({ oauth_nonce: "other" }) })?.xUserId).toBe("1");
});

test.for([
  { when: "the method is another", change: { method: "POST" } },
  { when: "the query is another", change: { target: target.replace("a%20b", "a%20c") } },
  { when: "the path is another", change: { target: target.replace("/1/", "/2/") } },
  { when: "it is five minutes and a second old", seconds: 301 },
  { when: "it is from the future", seconds: -301 },
  { when: "the method of signing is another", oauth: { oauth_signature_method: "PLAINTEXT" } },
  { when: "the version is another", oauth: { oauth_version: "2.0" } },
  { when: "the time is no number", oauth: { oauth_timestamp: "now" } },
])("a signature is refused when $when", ({ change, seconds, oauth }) => {
  const check = checker(new Date(signedAt.getTime() + (seconds ?? 0) * 1000));
  expect(check({ method: "GET", target, authorization: header(oauth), ...change })).toBeUndefined();
});

test("nonces are forgotten once their time is past", () => {
  let now = signedAt;
  const account = { ...keys, xUserId: "1", handle: "a" };
  const check = signatureChecker(
    () => account,
    () => now,
  );
  expect(check({ method: "GET", target, authorization: header() })).toBeDefined();
  now = new Date(signedAt.getTime() + 700_000);
  const later = `${now.getTime() / 1000}`;
  expect(check({ method: "GET", target, authorization: header({ oauth_timestamp: later }) })).toBeDefined();
});
