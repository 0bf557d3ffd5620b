import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { type Authorisations, openAuthorisations, type XGrant } from "../../src/sandbox/x-authorisations.ts";
import type { XReply } from "../../src/sandbox/x-reply.ts";

const app = { appKey: "the-app", appSecret: "the-secret" };
const grant: XGrant = { xUserId: "42", handle: "acme", accessToken: "42-token", accessSecret: "token-secret" };
let nonces = 0;

interface Request {
  path: string;
  fields: Record<string, string>;
  token?: string;
  tokenSecret?: string;
  appKey?: string;
  appSecret?: string;
}

/** A request signed as RFC 5849 says; every value in these tests is its own encoding. */
function signed({ path, fields, token, tokenSecret = "", appKey = app.appKey, appSecret = app.appSecret }: Request) {
  nonces += 1;
  const oauth = {
    oauth_consumer_key: appKey,
    oauth_nonce: `nonce${nonces}`,
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: String(Math.trunc(Date.now() / 1000)),
    oauth_version: "1.0",
    ...(token !== undefined && { oauth_token: token }),
  };
  const pairs = Object.entries({ ...oauth, ...fields }).map(([name, value]) => `${name}=${value}`);
  const base = `POST&${encodeURIComponent(`https://api.x.com${path}`)}&${encodeURIComponent(pairs.sort().join("&"))}`;
  const signature = createHmac("sha1", `${appSecret}&${tokenSecret}`).update(base).digest("base64");
  const header = { ...oauth, oauth_signature: encodeURIComponent(signature) };
  const words = Object.entries(header).map(([name, value]) => `${name}="${value}"`);
  const form = new URLSearchParams(fields).toString();
  return { method: "POST", path, target: path, authorization: `OAuth ${words.join(", ")}`, form };
}

const linkRequest = () => signed({ path: "/oauth/request_token", fields: { oauth_callback: "oob" } });
const fieldsOf = (reply: XReply | undefined) => Object.fromEntries(new URLSearchParams(String(reply?.body)));

function asked(x: Authorisations) {
  const { oauth_token: token = "", oauth_token_secret: tokenSecret = "" } = fieldsOf(x.answer(linkRequest()));
  const trade = (pin: string, change: Partial<Request> = {}) =>
    x.answer(signed({ path: "/oauth/access_token", fields: { oauth_verifier: pin }, token, tokenSecret, ...change }));
  return { link: `https://api.x.com/oauth/authorize?oauth_token=${token}`, trade };
}

test("a request leads to a link, a yes to a PIN, and the PIN to the account's tokens", () => {
  const x = openAuthorisations(app);
  const { link, trade } = asked(x);
  expect(x.account("42-token")).toBeUndefined();
  const pin = x.authorise(link, grant);
  expect(pin).toMatch(/^\d{7}$/);
  expect(fieldsOf(trade(pin))).toEqual({
    oauth_token: "42-token",
    oauth_token_secret: "token-secret",
    user_id: "42",
    screen_name: "acme",
  });
  expect(x.account("42-token")).toEqual({ ...app, xUserId: "42", handle: "acme", accessSecret: "token-secret" });
});

test("each request has a PIN of its own, which works once", () => {
  const x = openAuthorisations(app);
  const [first, second] = [asked(x), asked(x)];
  const pin = x.authorise(first.link, grant);
  expect(second.trade(pin)).toMatchObject({ status: 401 });
  expect(first.trade(pin)).toMatchObject({ status: 200 });
  expect(first.trade(pin)).toMatchObject({ status: 401 });
  expect(() => x.authorise(first.link, grant)).toThrow("used up");
});

test.for<{ what: string; change: Partial<Request> }>([
  { what: "another app's key", change: { appKey: "other" } },
  { what: "another app's secret", change: { appSecret: "other" } },
  { what: "another token's secret", change: { tokenSecret: "other" } },
])("what is signed with $what is refused, and the PIN still works", ({ change }) => {
  const x = openAuthorisations(app);
  const { link, trade } = asked(x);
  const pin = x.authorise(link, grant);
  expect(trade(pin, change)).toMatchObject({ status: 401 });
  expect(trade(pin)).toMatchObject({ status: 200 });
});

test("a form that is changed on the way, or a request that is sent twice, is refused", () => {
  const x = openAuthorisations(app);
  expect(x.answer({ ...linkRequest(), form: "oauth_callback=https%3A%2F%2Fevil.example" })).toMatchObject({
    status: 401,
  });
  const request = linkRequest();
  expect(x.answer(request)).toMatchObject({ status: 200 });
  expect(x.answer(request)).toMatchObject({ status: 401 });
});

test("only PINs are offered, other paths under /oauth/ do not exist, and the rest is not its business", () => {
  const x = openAuthorisations(app);
  const fields = { oauth_callback: "elsewhere" };
  expect(x.answer(signed({ path: "/oauth/request_token", fields }))).toMatchObject({ status: 403 });
  expect(x.answer(signed({ path: "/oauth/other", fields }))).toMatchObject({ status: 404 });
  expect(x.answer(signed({ path: "/2/users/me", fields }))).toBeUndefined();
});

test("without an app nobody can ask", () => {
  expect(openAuthorisations(undefined).answer(linkRequest())).toMatchObject({ status: 401 });
});
