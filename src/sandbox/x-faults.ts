import { duplicateContent, notPermitted, problem, replyNotAllowed, unauthorized, type XReply } from "./x-reply.ts";

/** What goes wrong with one request. `done` says whether X did what was asked before it went wrong. */
export type Fault =
  /** The connection is reset before X did anything. */
  | { kind: "reset" }
  /** X did what was asked, and not one byte of its answer arrives. */
  | { kind: "lost-answer" }
  /** X did what was asked; the answer ends after so many bytes of its body. */
  | { kind: "cut-body"; afterBytes: number }
  /** X never answers. */
  | { kind: "hang"; done: boolean }
  /** X did what was asked; its answer comes byte by byte. */
  | { kind: "drip"; everyMs: number }
  | ({ kind: "answer"; done: boolean } & XReply)
  /** The post created by this request shows on the timeline only so much later. */
  | { kind: "lag"; seconds: number }
  /** users/me names another account than the token's. */
  | { kind: "wrong-account"; xUserId: string; handle: string };

export interface FaultRequest {
  method: string;
  path: string;
  /** X user id of the token's account. */
  account?: string;
  /** How often this method and path was asked for, this time included. */
  count: number;
}

function answer(reply: XReply, done = false): Fault {
  return { kind: "answer", done, ...reply };
}

function serverError(status: number, title: string): XReply {
  return problem(status, title, title);
}

function tooMany(headers: Readonly<Record<string, string>>): Fault {
  return answer({ ...problem(429, "Too Many Requests", "Too Many Requests"), headers });
}

function exhausted(name: string, limit: number, resetAt: Date): Readonly<Record<string, string>> {
  const seconds = Math.ceil(resetAt.getTime() / 1000);
  return { [`${name}-limit`]: `${limit}`, [`${name}-remaining`]: "0", [`${name}-reset`]: `${seconds}` };
}

const clientForbidden =
  "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a developer App that is attached to a Project.";

const accountCodes = {
  64: "Your account is suspended and is not permitted to access this feature.",
  326: "To protect our users from spam and other malicious activity, this account is temporarily locked.",
} as const;

/** The answers that X is known to give, one per row of its failure table. */
export const xFaults = {
  duplicate: answer(duplicateContent),
  suspended: answer(problem(403, "Forbidden", "The user used for authentication is suspended.", "user-suspended")),
  readOnlyApp: answer(
    problem(
      403,
      "Forbidden",
      "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
      "oauth1-permissions",
    ),
  ),
  clientForbidden: answer(
    problem(403, "Client Forbidden", clientForbidden, "client-forbidden", { reason: "client-not-enrolled" }),
  ),
  unsupportedAuthentication: answer(
    problem(
      403,
      "Unsupported Authentication",
      "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
      "unsupported-authentication",
    ),
  ),
  notPermitted: answer(notPermitted),
  replyNotAllowed: answer(replyNotAllowed),
  invalidRequest: answer(
    problem(400, "Invalid Request", "One or more parameters to your request was invalid.", "invalid-request"),
  ),
  unauthorized: answer(unauthorized),
  outOfCredit: answer(problem(402, "Payment Required", "credits depleted", "credits-depleted")),
  onlyErrors: answer({
    status: 200,
    body: { errors: [{ title: "Internal Error", detail: "Internal Error", type: "about:blank" }] },
  }),
  createdWithoutId: answer({ status: 201, body: { data: { text: "a text" } } }, true),
  htmlUnavailable: answer({
    status: 503,
    contentType: "text/html",
    body: "<!doctype html><title>Over capacity</title><p>Please try again.</p>",
  }),
  /** The page of a firewall or a proxy before X. */
  edgeForbidden: answer({
    status: 403,
    contentType: "text/html",
    body: "<!doctype html><title>Access denied</title><p>Sorry, you have been blocked.</p>",
  }),
  /** A proxy that did not wait for X's answer: the post may be public. */
  proxyTimeout: answer({ status: 408, contentType: "text/html", body: "<h1>408 Request Time-out</h1>" }, true),
  tooManyWithoutHeaders: tooMany({}),
  /** The app's posts of a month, or what it may spend, are used up. */
  usageCapped: answer(problem(429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", "usage-capped")),
  /** In the form of v1, by which these states of an account are known: 64 suspended, 326 locked. */
  accountCode: (code: 64 | 326): Fault =>
    answer({ status: 403, body: { errors: [{ code, message: accountCodes[code] }] } }),
  /** A 5xx from before or after X created the post: nobody can tell which. */
  serverError: (status: 500 | 502 | 503 | 504, done: boolean): Fault =>
    answer(serverError(status, status === 503 ? "Service Unavailable" : "Internal Server Error"), done),
  tooManyPerUser: (resetAt: Date): Fault => tooMany(exhausted("x-rate-limit", 100, resetAt)),
  /** Only the 24-hour headers: the window of the account, or that of the app and so of every client. */
  tooManyPerDay: (window: "user" | "app", resetAt: Date): Fault =>
    tooMany(exhausted(`x-${window}-limit-24hour`, 10_000, resetAt)),
} as const;
