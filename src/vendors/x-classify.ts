import type { SendResult } from "../ports.ts";
import { fullOnes, latestReset, reportedWindows, type XHeaders } from "./x-windows.ts";

/** What came back from one request to X. Bodies are unknown: X, or a proxy before it, may answer anything. */
export type Arrival =
  /** A whole answer. The status of a good one is not known more closely than 2xx. */
  | { kind: "answer"; status: number; headers: XHeaders; body: unknown }
  /** The status line came, the body was cut or is no JSON. */
  | { kind: "cut"; status: number; headers: XHeaders; raw: string }
  /** No answer. `during` is the system call that failed, where there was one. */
  | { kind: "none"; code: string; during: string | undefined };

/** System calls before any byte of a request can leave. */
const beforeSending: ReadonlySet<string | undefined> = new Set(["connect", "getaddrinfo"]);

/** X reports no reset: its shortest window is 15 minutes. https://docs.x.com/x-api/fundamentals/rate-limits */
const defaultWaitSeconds = 900;

/**
 * What became of a POST /2/tweets. Anything that leaves room for a public post is "unknown": a second send of a post
 * that exists is public, a late settlement is not.
 */
export function classifySend(arrival: Arrival, now: Date): SendResult {
  if (arrival.kind === "none") return { ...classifySilence(arrival), windows: [] };
  const windows = reportedWindows(arrival.headers, now);
  if (arrival.status < 400) return { ...classifySuccess(arrival), windows };
  return { ...classifyRefusal(arrival, now), windows };
}

type WithoutWindows<Result> = Result extends unknown ? Omit<Result, "windows"> : never;
type Verdict = WithoutWindows<SendResult>;

function classifySilence({ code, during }: { code: string; during: string | undefined }): Verdict {
  if (beforeSending.has(during)) return { kind: "unsent", reason: `X could not be reached (${code})` };
  return { kind: "unknown", reason: `X did not answer (${code})`, isDown: true };
}

function classifySuccess(arrival: Exclude<Arrival, { kind: "none" }>): Verdict {
  const postId = arrival.kind === "answer" ? idIn(arrival.body) : idInRaw(arrival.raw);
  if (postId !== undefined) return { kind: "created", postId };
  const what = arrival.kind === "cut" ? "a cut answer" : "an answer";
  return { kind: "unknown", reason: `X sent ${what} without a post id` };
}

function idIn(body: unknown): string | undefined {
  if (typeof body === "string") return idInRaw(body);
  return asPostId(field(field(body, "data"), "id"));
}

/** Inside a JSON string a quote is escaped, so a text that quotes `"id":"1"` does not match. */
function idInRaw(raw: string): string | undefined {
  return /"data"\s*:\s*\{(?:[\s\S]*?,)?\s*"id"\s*:\s*"(\d{1,19})"/.exec(raw)?.[1];
}

function asPostId(value: unknown): string | undefined {
  return typeof value === "string" && /^\d{1,19}$/.test(value) ? value : undefined;
}

/**
 * Only what X is known to answer instead of creating a post is certain. Any other status may come from a proxy that gave up on
 * an answer (408, 499) or from a step of X behind the post (404, 409), so it stays unknown, and reads decide.
 */
function classifyRefusal(arrival: Exclude<Arrival, { kind: "none" }>, now: Date): Verdict {
  const { status, headers } = arrival;
  const problem = problemOf(arrival);
  const reason = describe(status, problem);
  if (status === 429 || status === 420) return rateLimited(headers, now);
  if (status === 402) return { kind: "out-of-credit", reason };
  if (status === 401) return { kind: "rejected", concerns: "credential", reason };
  if (status === 403) return classifyForbidden(arrival, problem);
  if (status === 400 && isOfX(problem)) return { kind: "rejected", concerns: concernOf(problem) ?? "content", reason };
  return { kind: "unknown", reason, isDown: true };
}

/** Which 403 it is stands in the body alone, and one of them says that the post exists. */
function classifyForbidden(arrival: Exclude<Arrival, { kind: "none" }>, problem: Problem): Verdict {
  const reason = describe(403, problem);
  if (/\bduplicate content\b/i.test(problem.detail)) return { kind: "duplicate", reason };
  if (arrival.kind === "cut" && (problem.detail === "" || problem.type === "")) {
    return { kind: "unknown", reason, isDown: true };
  }
  if (!isOfX(problem)) return { kind: "blocked", reason: "X answered 403, but not in words of X" };
  return { kind: "rejected", concerns: concernOf(problem) ?? "unnamed", reason };
}

/** X names a problem by an address of its own or by "about:blank", and older ones by a number; others have other addresses. */
function isOfX({ title, detail, type, codes }: Problem): boolean {
  if (/^https:\/\/[\w.]*\b(x|twitter)\.com\//.test(type)) return true;
  if (type === "about:blank") return title !== "" || detail !== "";
  return codes.some((code) => typeof code === "number");
}

/** By the last part of the problem's address. */
const concerns: Readonly<Record<string, "account" | "app">> = {
  "user-suspended": "account",
  // Like a suspension, it lasts until a person acts: the tokens must be made anew after a change to read and write.
  "oauth1-permissions": "account",
  "client-forbidden": "app",
  "unsupported-authentication": "app",
};

function concernOf(problem: Problem): "account" | "app" | undefined {
  const name = problem.type.split(/[/#]/).at(-1) ?? "";
  if (Object.hasOwn(concerns, name)) return concerns[name];
  // v1 codes of a suspended (64) and of a locked account (326); the v2 form of the lock is not documented.
  return problem.codes.some((code) => code === 64 || code === 326) ? "account" : undefined;
}

/** The app's full window keeps everybody waiting, but no longer than itself: the account's own may last until tomorrow. */
function rateLimited(headers: XHeaders, now: Date): Verdict {
  const reported = reportedWindows(headers, now);
  const used = fullOnes(reported);
  const scope = used.some((window) => window.scope === "all") ? "all" : "client";
  const until = latestReset(used.filter((window) => window.scope === scope)) ?? latestReset(reported);
  // A reset that has passed by our clock says nothing: clocks differ, and asking again at once would be no wait.
  const wait = new Date(now.getTime() + defaultWaitSeconds * 1000);
  return { kind: "rate-limited", scope, until: until !== undefined && until > now ? until : wait };
}

/** What a refusal says of itself, empty where it says nothing. */
interface Problem {
  title: string;
  detail: string;
  type: string;
  codes: readonly unknown[];
}

/** Reads a problem+json body, whole or as far as it came. */
export function problemOf(arrival: Exclude<Arrival, { kind: "none" }>): Problem {
  if (arrival.kind === "cut") {
    const part = (name: string) => new RegExp(`"${name}"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)"`).exec(arrival.raw)?.[1] ?? "";
    return { title: part("title"), detail: part("detail"), type: part("type"), codes: [] };
  }
  const text = (name: string) => {
    const value = field(arrival.body, name);
    return typeof value === "string" ? value : "";
  };
  const errors = field(arrival.body, "errors");
  const codes = Array.isArray(errors) ? errors.map((error) => field(error, "code")) : [];
  return { title: text("title"), detail: text("detail"), type: text("type"), codes };
}

/**
 * One line for a person: the status and at most 200 characters of X's own words. Words as long as a key or token are
 * left out, in case whatever answered repeats the request.
 */
export function describe(status: number, problem: Pick<Problem, "title" | "detail">): string {
  const words = (problem.detail || problem.title)
    .replace(/[\w%+=/\\-]{25,}/g, "…")
    .replace(/\s+/g, " ")
    .trim();
  const short = [...words].length > 200 ? `${[...words].slice(0, 199).join("")}…` : words;
  return short === "" ? `X answered ${status}` : `X answered ${status}: ${short}`;
}

/** A field of whatever a body is; undefined where there is none. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
