import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import { type FailureKind, PostingError } from "../errors.ts";

/** The connection was never made, so nothing was billed: https://nodejs.org/api/errors.html#common-system-errors */
const neverSent =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_.+|ERR_TLS_.+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.+)$/;

const noCredit = /^(?:insufficient_quota|billing_hard_limit_reached|billing_not_active)$/;
/** Words without digits, as `model_not_found`: a server that repeats the key in place of a code is not quoted. */
const plainCode = /^[a-z]{1,24}(?:[_.-][a-z]{1,24}){0,6}$/i;
/** A far date in a `retry-after` is a mistake; a day is the longest window that a provider counts. */
const maxWaitMs = 86_400_000;

/**
 * What a failed call means. The message names status and code only: a provider's own words can repeat part of the key
 * or of the prompt, and so can the SDK's error, which is therefore not passed on as the cause.
 */
export function toPostingError(error: unknown, now: Date): PostingError {
  if (error instanceof PostingError) return error;
  if (error instanceof APIUserAbortError) {
    return new PostingError("outcome-unknown", "the model did not answer within the deadline");
  }
  if (error instanceof APIConnectionError) return connectionError(error);
  if (error instanceof APIError && typeof error.status === "number") return statusError(error, error.status, now);
  // A body that breaks off or is not what its content type says: the answer was written, so it was billed.
  return new PostingError("outcome-unknown", "the model's answer broke off or could not be read");
}

/** True for a provider that has no such endpoint, or has one without this model. */
export function isNotOffered(error: unknown): boolean {
  if (!(error instanceof APIError)) return false;
  if (error.status === 404 || error.status === 405 || error.status === 501) return true;
  return (
    (error.status === 400 || error.status === 422) && /model/i.test(`${error.code} ${error.param} ${error.message}`)
  );
}

/** True when the server does not know the way in which the answer's form was asked for. */
export function refusesFormat(error: unknown): boolean {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return false;
  return /response_format|json_schema|json_object|structured output/i.test(`${error.param} ${error.message}`);
}

function connectionError(error: APIConnectionError): PostingError {
  const code = causeCode(error);
  if (code !== undefined && neverSent.test(code))
    return new PostingError("unavailable", `no connection to the model (${code})`);
  const detail = code === undefined ? "" : ` (${code})`;
  return new PostingError("outcome-unknown", `the connection to the model broke before an answer came${detail}`);
}

function statusError(error: APIError, status: number, now: Date): PostingError {
  const code = [error.code, error.type].find((name) => typeof name === "string" && plainCode.test(name));
  const kind = kindOf(status, [error.code, error.type]);
  const message = `the model's server answered ${status}${code === undefined ? "" : ` ${code}`}`;
  const retryAt = kind === "rate-limited" ? retryTime(error.headers, now) : undefined;
  return new PostingError(kind, message, retryAt === undefined ? {} : { retryAt });
}

function kindOf(status: number, codes: readonly unknown[]): FailureKind {
  if (status === 402 || codes.some((code) => typeof code === "string" && noCredit.test(code))) return "out-of-credit";
  if (status === 401 || status === 403) return "config";
  if (status === 429) return "rate-limited";
  if (status === 408 || status >= 500) return "outcome-unknown";
  return "rejected";
}

function retryTime(headers: Headers | undefined, now: Date): Date | undefined {
  const milliseconds = headers?.get("retry-after-ms");
  const after = headers?.get("retry-after");
  if (milliseconds) return later(Number(milliseconds), now);
  if (!after) return undefined;
  const seconds = Number(after);
  return later(Number.isNaN(seconds) ? Date.parse(after) - now.getTime() : seconds * 1_000, now);
}

function later(waitMs: number, now: Date): Date | undefined {
  if (!Number.isFinite(waitMs)) return undefined;
  return new Date(now.getTime() + Math.min(Math.max(waitMs, 0), maxWaitMs));
}

/** The system's code behind "fetch failed", as deep as it lies. */
function causeCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 5) return undefined;
  const code: unknown = "code" in error ? error.code : undefined;
  if (typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code)) return code;
  return causeCode(error.cause, depth + 1);
}
