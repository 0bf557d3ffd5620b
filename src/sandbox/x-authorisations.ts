import { randomBytes, randomInt } from "node:crypto";
import type { XSandboxAccount } from "./x-accounts.ts";
import { formFields, freshnessChecker, isSigned, oauthParameters, type SignedRequest } from "./x-oauth.ts";
import { problem, unauthorized, type XReply } from "./x-reply.ts";

/** An app that asks accounts for access. */
export interface XSandboxApp {
  appKey: string;
  appSecret: string;
}

/** The account that says yes, with the tokens that the app then gets. */
export interface XGrant extends Omit<XSandboxAccount, keyof XSandboxApp> {
  accessToken: string;
}

export interface Authorisations {
  /** What the person does in a browser: opens the link and says yes. Answers with the PIN that the page shows. */
  authorise(link: string, grant: XGrant): string;
  /** The account of a token that was given here. */
  account(accessToken: string): XSandboxAccount | undefined;
  /** POST /oauth/request_token and /oauth/access_token; undefined for any other path. */
  answer(request: SignedRequest & { path: string }): XReply | undefined;
}

/** One request for access. It ends with its first right PIN, and with its first wrong one too. */
interface Pending {
  secret: string;
  granted?: { pin: string; grant: XGrant };
}

/** The PIN flow of OAuth 1.0a: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/pin-based-oauth */
export function openAuthorisations(app: XSandboxApp | undefined): Authorisations {
  const pending = new Map<string, Pending>();
  const given = new Map<string, XSandboxAccount>();
  const isFresh = freshnessChecker();
  return {
    account: (accessToken) => given.get(accessToken),
    authorise: (link, grant) => {
      const asked = pending.get(new URL(link).searchParams.get("oauth_token") ?? "");
      if (asked === undefined) throw new Error("the page says: this link is used up");
      const pin = String(randomInt(1_000_000, 10_000_000));
      asked.granted = { pin, grant };
      return pin;
    },
    answer: (request) => {
      if (!request.path.startsWith("/oauth/")) return undefined;
      const oauth = oauthParameters(request.authorization);
      const token = oauth.get("oauth_token") ?? "";
      const asked = pending.get(token);
      if (app === undefined || oauth.get("oauth_consumer_key") !== app.appKey) return unauthorized;
      const secrets = { appSecret: app.appSecret, accessSecret: asked?.secret ?? "" };
      if (!isSigned(request, oauth, secrets) || !isFresh(oauth)) return unauthorized;
      const fields = new Map(formFields(request.form ?? ""));
      if (request.path === "/oauth/request_token") return requestToken(fields, pending);
      if (request.path !== "/oauth/access_token") return problem(404, "Not Found", "Not Found");
      pending.delete(token);
      if (asked?.granted === undefined || fields.get("oauth_verifier") !== asked.granted.pin) return wrongPin;
      const { accessToken, ...account } = asked.granted.grant;
      given.set(accessToken, { ...app, ...account });
      return tokens(asked.granted.grant);
    },
  };
}

/** X answers these two endpoints with a form, refusals with a sentence. */
const wrongPin: XReply = {
  status: 401,
  contentType: "text/html",
  body: "Error processing your OAuth request: Invalid oauth_verifier parameter",
};

function requestToken(fields: ReadonlyMap<string, string>, pending: Map<string, Pending>): XReply {
  if (fields.get("oauth_callback") !== "oob") {
    return { status: 403, contentType: "text/html", body: "Callback URL not approved for this client application." };
  }
  const [token, secret] = [randomBytes(20).toString("base64url"), randomBytes(24).toString("base64url")];
  pending.set(token, { secret });
  return form({ oauth_token: token, oauth_token_secret: secret, oauth_callback_confirmed: "true" });
}

function tokens({ accessToken, accessSecret, xUserId, handle }: XGrant): XReply {
  return form({ oauth_token: accessToken, oauth_token_secret: accessSecret, user_id: xUserId, screen_name: handle });
}

function form(fields: Readonly<Record<string, string>>): XReply {
  return { status: 200, contentType: "text/html", body: new URLSearchParams(fields).toString() };
}
