import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import { describe, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { isNotOffered, refusesFormat, toPostingError } from "../../src/vendors/openai-errors.ts";

const now = new Date("2026-11-21T08:00:00Z");

/** What the SDK throws for an answer with this status. */
function apiError(status: number, error: object = {}, headers: Record<string, string> = {}): APIError {
  return APIError.generate(status, { error }, undefined, new Headers(headers));
}

/** What the SDK throws when fetch fails; the system's code lies two causes deep. */
function connectionError(code: string | undefined): APIConnectionError {
  const socket = Object.assign(new Error("socket"), code === undefined ? {} : { code });
  return new APIConnectionError({
    message: "Connection error.",
    cause: new TypeError("fetch failed", { cause: socket }),
  });
}

describe("a connection that fails", () => {
  test.for([
    ["ECONNREFUSED", "unavailable"],
    ["ENOTFOUND", "unavailable"],
    ["EAI_AGAIN", "unavailable"],
    ["UND_ERR_CONNECT_TIMEOUT", "unavailable"],
    ["CERT_HAS_EXPIRED", "unavailable"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unavailable"],
    ["ECONNRESET", "outcome-unknown"],
    ["EPIPE", "outcome-unknown"],
    ["UND_ERR_SOCKET", "outcome-unknown"],
    ["UND_ERR_HEADERS_TIMEOUT", "outcome-unknown"],
    ["a code with a secret", "outcome-unknown"],
    [undefined, "outcome-unknown"],
  ])("with %s is %s", ([code, kind]) => {
    const error = toPostingError(connectionError(code), now);
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain("secret");
  });

  test("in a circle of causes is still told", () => {
    const circle: Error & { cause?: unknown } = new Error("circle");
    circle.cause = circle;
    expect(toPostingError(new APIConnectionError({ cause: circle }), now).kind).toBe("outcome-unknown");
  });
});

test.for([
  { what: "the deadline", error: new APIUserAbortError(), kind: "outcome-unknown" },
  { what: "broken JSON", error: new SyntaxError("Unexpected token"), kind: "outcome-unknown" },
  { what: "something that is no error", error: "oops", kind: "outcome-unknown" },
  { what: "an unpaid bill", error: apiError(429, { type: "insufficient_quota" }), kind: "out-of-credit" },
  { what: "a hard limit", error: apiError(400, { code: "billing_hard_limit_reached" }), kind: "out-of-credit" },
  { what: "a conflict", error: apiError(409), kind: "rejected" },
  { what: "an unusual status", error: apiError(418), kind: "rejected" },
])("$what is $kind", ({ error, kind }) => {
  expect(toPostingError(error, now).kind).toBe(kind);
});

test("an error that is already told is passed on", () => {
  const error = new PostingError("config", "told");
  expect(toPostingError(error, now)).toBe(error);
});

test.for([
  { headers: { "retry-after-ms": "1500", "retry-after": "9" }, seconds: 1.5 },
  { headers: { "retry-after": "9" }, seconds: 9 },
  { headers: { "retry-after": "-5" }, seconds: 0 },
  { headers: { "retry-after-ms": "never" }, seconds: undefined },
])("a rate limit with $headers ends in $seconds s", ({ headers, seconds }) => {
  const { retryAt } = toPostingError(apiError(429, {}, headers as Record<string, string>), now);
  expect(retryAt?.getTime()).toBe(seconds === undefined ? undefined : now.getTime() + seconds * 1_000);
});

test.for([
  { error: apiError(400, { message: "response_format is not supported" }), refused: true },
  { error: apiError(422, { message: "unknown field", param: "response_format" }), refused: true },
  { error: apiError(400, { message: "context too long" }), refused: false },
  { error: apiError(500, { message: "response_format" }), refused: false },
  { error: new Error("response_format"), refused: false },
])("a format is refused by $error.message: $refused", ({ error, refused }) => {
  expect(refusesFormat(error)).toBe(refused);
});

test.for([
  { error: apiError(404), offered: false },
  { error: apiError(501), offered: false },
  { error: apiError(422, { message: "Unknown model" }), offered: false },
  { error: apiError(400, { message: "input too long" }), offered: true },
  { error: apiError(503, { message: "model overloaded" }), offered: true },
  { error: new Error("404"), offered: true },
])("an endpoint that answers $error.message is offered: $offered", ({ error, offered }) => {
  expect(isNotOffered(error)).toBe(!offered);
});

test.for([
  ["model_not_found", "the model's server answered 400 model_not_found"],
  ["DeploymentNotFound", "the model's server answered 400 DeploymentNotFound"],
  ["sk-proj-abcdefghijklmnop0123456789", "the model's server answered 400"],
  ["gsk_abc123", "the model's server answered 400"],
  ["::error::x", "the model's server answered 400"],
  ["x".repeat(60), "the model's server answered 400"],
])("the code %s is told as: %s", ([code, message]) => {
  expect(toPostingError(apiError(400, { code, type: code }), now).message).toBe(message);
});
