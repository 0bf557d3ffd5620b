import { TwitterApi } from "twitter-api-v2";
import { PostingError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { arrivalOf } from "./x-arrival.ts";
import { type Arrival, field } from "./x-classify.ts";
import { clientSettings } from "./x-connection.ts";
import { readBody, unusable } from "./x-read.ts";

export interface AuthorisationOptions {
  app: { appKey: string; appSecret: string };
  /** Stands in the sign-in form of the page, without the @. */
  handle: string;
  /** Another host in place of https://api.x.com, plain http on loopback included. */
  apiUrl?: string;
  /** Milliseconds that one request may take in all. @default 30000 */
  deadlineMs?: number;
  clock: Clock;
}

export interface Authorisation {
  /** The page on which the brand signs in and says yes; it then shows the PIN. */
  link: string;
  /** Trades the PIN for tokens and asks X whose they are. Works once. Throws PostingError. */
  complete(pin: string): Promise<Granted>;
}

/** What an account gave. */
export interface Granted {
  accessToken: string;
  accessSecret: string;
  xUserId: string;
  /** Without the @. */
  handle: string;
  /** undefined when X does not say. */
  mayWrite: boolean | undefined;
}

/**
 * Asks X for a page on which an account can give the app access (OAuth 1.0a with a PIN):
 * https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/pin-based-oauth
 * @throws PostingError "config" when X does not know the app, "unavailable" when X does not answer.
 * @throws UserError when `apiUrl` is no http or https address.
 */
export async function startAuthorisation(options: AuthorisationOptions): Promise<Authorisation> {
  const { app, handle, apiUrl, deadlineMs = 30_000, clock } = options;
  const settings = clientSettings({ deadlineMs, ...(apiUrl !== undefined && { apiUrl }) });
  const open = (tokens: { accessToken?: string; accessSecret?: string }) =>
    new TwitterApi({ ...app, ...tokens }, settings);
  const asked = await arrivalOf(async () => {
    // Without `forceLogin` the page would take the account that the browser happens to be signed in to.
    const page = { linkMode: "authorize", forceLogin: true, screenName: handle } as const;
    return { data: await open({}).generateAuthLink("oob", page), headers: {} };
  });
  const refused =
    "X does not know the app: check X_APP_KEY and X_APP_SECRET, and that the app has user authentication set up";
  const body = answered(asked, { what: "the authorisation link", refused, now: clock() });
  const read = (name: string) => text(body, name, "the authorisation link");
  const [accessToken, accessSecret] = [read("oauth_token"), read("oauth_token_secret")];
  return {
    link: read("url"),
    complete: async (pin) => {
      const tokens = await trade(open({ accessToken, accessSecret }), pin, clock);
      return confirm(open(tokens), tokens, clock);
    },
  };
}

interface Tokens {
  accessToken: string;
  accessSecret: string;
}

async function trade(client: TwitterApi, pin: string, clock: Clock): Promise<Tokens> {
  const arrival = await arrivalOf(async () => {
    const { accessToken, accessSecret } = await client.login(pin);
    return { data: { accessToken, accessSecret }, headers: {} };
  });
  const refused = "X does not take this PIN: it is mistyped, used already or too old";
  const body = answered(arrival, { what: "the tokens", refused, now: clock() });
  const read = (name: string) => text(body, name, "the tokens");
  return { accessToken: read("accessToken"), accessSecret: read("accessSecret") };
}

/** Only X's answer to the tokens themselves proves whose they are and what they may do. */
async function confirm({ v2 }: TwitterApi, tokens: Tokens, clock: Clock): Promise<Granted> {
  const arrival = await arrivalOf(() => v2.get("users/me", {}, { fullResponse: true }));
  const body = answered(arrival, { what: "users/me", now: clock() });
  const [xUserId, handle] = [field(field(body, "data"), "id"), field(field(body, "data"), "username")];
  // Both are shown to a person, so they must be what they say.
  if (typeof xUserId !== "string" || !/^\d{1,19}$/.test(xUserId)) throw unusable(body, "users/me");
  if (typeof handle !== "string" || !/^\w{1,50}$/.test(handle)) throw unusable(body, "users/me");
  return { ...tokens, xUserId, handle, mayWrite: mayWrite(arrival) };
}

/** "read", "read-write" or "read-write-directmessages" on answers to OAuth 1.0a requests. */
export function mayWrite(arrival: Arrival): boolean | undefined {
  const level = arrival.kind === "answer" ? arrival.headers["x-access-level"] : undefined;
  return typeof level === "string" ? level.startsWith("read-write") : undefined;
}

/**
 * The body of a good answer. `refused` says what 401 and 403 mean: at /oauth/ each endpoint has one reason for both, and
 * no other words than a sentence in HTML.
 */
function answered(arrival: Arrival, { what, refused, now }: { what: string; refused?: string; now: Date }): unknown {
  if (arrival.kind === "cut" && arrival.status < 400) {
    throw new PostingError("outcome-unknown", `X gave no whole answer for ${what}`);
  }
  const isRefusal = arrival.kind === "answer" && (arrival.status === 401 || arrival.status === 403);
  if (isRefusal && refused !== undefined) throw new PostingError("config", `${refused} (X answered ${arrival.status})`);
  return readBody(arrival, what, now);
}

/** A field that must be there. No value is quoted in the error: some of them are secrets. */
function text(body: unknown, name: string, what: string): string {
  const value = field(body, name);
  if (typeof value !== "string" || value === "") throw unusable(body, what);
  return value;
}
