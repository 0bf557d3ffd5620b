import type { ClientRequest } from "node:http";
import { ApiRequestError } from "twitter-api-v2";
import { expect, test } from "vitest";
import { arrivalOf } from "../../src/vendors/x-arrival.ts";

const request = {} as ClientRequest;
const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });

test.for<{ when: string; thrown: unknown; expected: object }>([
  {
    when: "the connection was refused",
    thrown: new ApiRequestError("failed", { request, error: refused }),
    expected: { kind: "none", code: "ECONNREFUSED", during: "connect" },
  },
  {
    when: "every address of the host refused",
    thrown: new ApiRequestError("failed", { request, error: new AggregateError([refused, refused]) }),
    expected: { code: "ECONNREFUSED", during: "connect" },
  },
  {
    when: "the addresses failed without a word",
    thrown: new ApiRequestError("failed", { request, error: new AggregateError([]) }),
    expected: { code: "AggregateError", during: undefined },
  },
  {
    when: "the library mends its getter",
    thrown: Object.defineProperty(new ApiRequestError("failed", { request, error: new Error("x") }), "requestError", {
      value: refused,
    }),
    expected: { code: "ECONNREFUSED" },
  },
  {
    when: "the cause is a sentence",
    thrown: Object.assign(new Error("x"), { code: "a secret sentence", name: "" }),
    expected: { code: "no cause given" },
  },
  { when: "it is a bug", thrown: new TypeError("secret"), expected: { kind: "none", code: "TypeError" } },
  { when: "nothing was thrown at all", thrown: undefined, expected: { code: "no cause given", during: undefined } },
])("an error is an arrival when $when", async ({ thrown, expected }) => {
  const arrival = await arrivalOf(() => Promise.reject(thrown));
  expect(arrival).toMatchObject(expected);
  expect(JSON.stringify(arrival)).not.toContain("secret");
});
