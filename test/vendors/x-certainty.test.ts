import fc from "fast-check";
import { expect, test } from "vitest";
import { classifySend } from "../../src/vendors/x-classify.ts";

/** Which refusals are certain: a text that a certain one ends may be written anew, and then the slot has two texts. */

const now = new Date("2026-11-21T12:00:00Z");

const bodies = {
  "a problem of X": { title: "T", detail: "said", type: "https://api.x.com/2/problems/invalid-request", status: 400 },
  "X's general problem": { title: "Forbidden", detail: "said", type: "about:blank", status: 403 },
  "an old error of X": { errors: [{ code: 186, message: "said" }] },
  "a page": "<!doctype html><title>Blocked</title>",
  nothing: "",
  "an empty object": {},
  "somebody's JSON": { message: "Forbidden", errors: ["no"] },
  "somebody's problem": {
    title: "Error 1020",
    detail: "denied",
    type: "https://developers.cloudflare.com/1020",
    status: 403,
  },
  "a problem of a host named like X": { title: "T", detail: "said", type: "https://api.notx.com/problems/a" },
} as const;
type Body = keyof typeof bodies;
const ofX: readonly Body[] = ["a problem of X", "X's general problem", "an old error of X"];

const inWords = (status: number, body: Body) => {
  const verdict = classifySend({ kind: "answer", status, headers: {}, body: bodies[body] }, now);
  return verdict.kind === "rejected" ? `rejected: ${verdict.concerns}` : verdict.kind;
};

for (const body of Object.keys(bodies) as Body[]) {
  const isOfX = ofX.includes(body);
  test.for([
    [400, isOfX ? "rejected: content" : "unknown"],
    [401, "rejected: credential"],
    [402, "out-of-credit"],
    [403, isOfX ? "rejected: unnamed" : "blocked"],
    [420, "rate-limited"],
    [429, "rate-limited"],
  ] as const)(`%i with ${body} is %s`, ([status, expected]) => {
    expect(inWords(status, body)).toBe(expected);
  });

  test(`any other status from 400 on with ${body} is unknown, and counts against X`, () => {
    const certain = [400, 401, 402, 403, 420, 429];
    const others = Array.from({ length: 200 }, (_, index) => 400 + index).filter((status) => !certain.includes(status));
    for (const status of others) {
      const verdict = classifySend({ kind: "answer", status, headers: {}, body: bodies[body] }, now);
      expect(verdict, `${status}`).toMatchObject({ kind: "unknown", isDown: true });
    }
  });
}

test.for([
  { body: '{"detail":"said","type":"about:blank","sta', expected: "rejected" },
  { body: '{"detail":"said","ty', expected: "unknown" },
  { body: '{"type":"about:blank","detail":"You are not allowed', expected: "unknown" },
  { body: "<!doctype html>", expected: "unknown" },
  { body: '{"detail":"said","type":"https://example.com/a"', expected: "blocked" },
])("a 403 that is cut to $body is $expected", ({ body, expected }) => {
  expect(classifySend({ kind: "cut", status: 403, headers: {}, raw: body }, now).kind).toBe(expected);
});

test.for([
  { body: '{"detail":"said","type":"about:blank","sta', expected: "rejected" },
  { body: '{"detail":"said', expected: "unknown" },
])("a 400 that is cut to $body is $expected", ({ body, expected }) => {
  expect(classifySend({ kind: "cut", status: 400, headers: {}, raw: body }, now).kind).toBe(expected);
});

test("an answer that says the post was made, or may have been, does not count against X", () => {
  for (const body of [{ data: { text: "a" } }, "", { errors: [{ title: "Internal Error" }] }]) {
    expect(classifySend({ kind: "answer", status: 200, headers: {}, body }, now)).not.toHaveProperty("isDown");
  }
});

test("whatever comes from 400 on without a type or a number of X never ends a text", () => {
  const anyBody = fc.oneof(fc.string(), fc.record({ title: fc.string(), detail: fc.string(), error: fc.anything() }));
  fc.assert(
    fc.property(fc.integer({ min: 400, max: 599 }), anyBody, (status, body) => {
      fc.pre(typeof body === "string" || !/duplicate content/i.test(body.detail));
      const verdict = classifySend({ kind: "answer", status, headers: {}, body }, now);
      if (verdict.kind === "rejected") expect(verdict.concerns).toBe("credential");
      expect(verdict.kind).not.toBe("duplicate");
    }),
  );
});
