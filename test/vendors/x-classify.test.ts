import fc from "fast-check";
import { expect, test } from "vitest";
import { type Arrival, classifySend, describe, problemOf } from "../../src/vendors/x-classify.ts";

const now = new Date("2026-11-21T12:00:00Z");
const inTenMinutes = "1795263000";
/** A day is X's longest window, and clocks differ. */
const inTwentyFiveHours = new Date("2026-11-22T13:00:00Z");

function cut(status: number, raw: string): Arrival {
  return { kind: "cut", status, headers: {}, raw };
}
function answer(status: number, body: unknown, headers: Record<string, string> = {}): Arrival {
  return { kind: "answer", status, headers, body };
}

test.for<{ when: string; arrival: Arrival; expected: object }>([
  {
    when: "the connection failed",
    arrival: { kind: "none", code: "ETIMEDOUT", during: "connect" },
    expected: { kind: "unsent" },
  },
  {
    when: "the name was not found",
    arrival: { kind: "none", code: "ENOTFOUND", during: "getaddrinfo" },
    expected: { kind: "unsent" },
  },
  {
    when: "a read on the socket failed",
    arrival: { kind: "none", code: "ECONNRESET", during: "read" },
    expected: { kind: "unknown", reason: "X did not answer (ECONNRESET)" },
  },
  {
    when: "the deadline passed",
    arrival: { kind: "none", code: "ABORT_ERR", during: undefined },
    expected: { kind: "unknown" },
  },
  {
    when: "a cut 201 has the id behind the text",
    arrival: cut(201, '{"data":{"text":"a\\n{b","id":"123","edit'),
    expected: { kind: "created", postId: "123" },
  },
  { when: "the id itself is cut", arrival: cut(201, '{"data":{"id":"123'), expected: { kind: "unknown" } },
  {
    when: "only the text speaks of an id",
    arrival: cut(201, '{"data":{"text":"say \\"id\\":\\"5\\" now'),
    expected: { kind: "unknown" },
  },
  { when: "the id is none", arrival: answer(201, { data: { id: "abc" } }), expected: { kind: "unknown" } },
  {
    when: "JSON came under another name",
    arrival: answer(201, '{"data":{"id":"77","text":"a"}}'),
    expected: { kind: "created", postId: "77" },
  },
  { when: "a redirect came", arrival: answer(302, ""), expected: { kind: "unknown" } },
  { when: "a 403 is cut before its detail", arrival: cut(403, '{"title":"Forb'), expected: { kind: "unknown" } },
  {
    when: "a 403 is cut behind its detail",
    arrival: cut(403, '{"detail":"You are not allowed to create a Tweet with duplicate content.","ty'),
    expected: { kind: "duplicate" },
  },
  { when: "a 5xx is cut", arrival: cut(502, ""), expected: { kind: "unknown" } },
  {
    when: "a 401 is cut",
    arrival: cut(401, ""),
    expected: { kind: "rejected", concerns: "credential", reason: "X answered 401" },
  },
  { when: "a 404 came", arrival: answer(404, undefined), expected: { kind: "unknown", isDown: true } },
  {
    when: "an old code says locked",
    arrival: answer(403, { errors: [{ code: 326, message: "locked" }] }),
    expected: { kind: "rejected", concerns: "account" },
  },
  {
    when: "the type is the name of an object's own method",
    arrival: answer(403, { type: "https://api.x.com/2/problems/constructor" }),
    expected: { kind: "rejected", concerns: "unnamed" },
  },
  {
    when: "a 429 reports windows with room and one without reset",
    arrival: answer(
      429,
      {},
      {
        "x-rate-limit-remaining": "3",
        "x-rate-limit-reset": inTenMinutes,
        "x-app-limit-24hour-remaining": "None",
        "x-app-limit-24hour-reset": "None",
      },
    ),
    expected: {
      kind: "rate-limited",
      scope: "client",
      until: new Date(Number(inTenMinutes) * 1000),
      windows: [{ scope: "client", remaining: 3, resetAt: new Date(Number(inTenMinutes) * 1000) }],
    },
  },
  {
    when: "the reset of a 429 has passed",
    arrival: answer(429, {}, { "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1" }),
    expected: { kind: "rate-limited", until: new Date(now.getTime() + 900_000) },
  },
  {
    when: "two windows are used up, the later one counts",
    arrival: answer(
      420,
      {},
      {
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": inTenMinutes,
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": `${Number(inTenMinutes) + 60}`,
      },
    ),
    expected: { kind: "rate-limited", scope: "client", until: new Date(Number(inTenMinutes) * 1000 + 60_000) },
  },
  {
    when: "the app's window is full for ten minutes, and the account's for longer",
    arrival: answer(
      429,
      {},
      {
        "x-app-limit-24hour-remaining": "0",
        "x-app-limit-24hour-reset": inTenMinutes,
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": `${Number(inTenMinutes) + 3600}`,
      },
    ),
    expected: {
      kind: "rate-limited",
      scope: "all",
      until: new Date(Number(inTenMinutes) * 1000),
      windows: [
        { scope: "client", resetAt: new Date((Number(inTenMinutes) + 3600) * 1000) },
        { scope: "all", resetAt: new Date(Number(inTenMinutes) * 1000) },
      ],
    },
  },
  {
    when: "the reset of a 429 is centuries away",
    arrival: answer(429, {}, { "x-rate-limit-remaining": "0", "x-rate-limit-reset": "9999999999" }),
    expected: { kind: "rate-limited", until: inTwentyFiveHours, windows: [{ resetAt: inTwentyFiveHours }] },
  },
  {
    when: "a post fills a window until centuries away",
    arrival: answer(201, { data: { id: "5" } }, { "x-rate-limit-remaining": "0", "x-rate-limit-reset": "9999999999" }),
    expected: { kind: "created", windows: [{ resetAt: inTwentyFiveHours }] },
  },
])("a send is classified when $when", ({ arrival, expected }) => {
  expect(classifySend(arrival, now)).toMatchObject(expected);
});

test("only an answer below 400 with a post id is ever called created, and no 5xx is ever certain", () => {
  const arrivals = fc.record({
    kind: fc.constant("answer" as const),
    status: fc.integer({ min: 100, max: 599 }),
    headers: fc.constant({}),
    body: fc.anything(),
  });
  fc.assert(
    fc.property(arrivals, (arrival) => {
      const { kind } = classifySend(arrival, now);
      expect(kind === "created").toBe(false);
      if (arrival.status >= 500 || arrival.status < 400) expect(kind).toBe("unknown");
    }),
  );
});

test("X's words are one line of at most 200 characters, without anything as long as a key", () => {
  const key = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";
  const line = describe(403, { title: "Forbidden", detail: `bad\n ${key} ${"word ".repeat(80)}` });
  expect(line).toMatch(/^X answered 403: bad … word word/);
  expect([...line].length).toBe("X answered 403: ".length + 200);
  expect(line).not.toContain(key);
  expect(describe(403, { title: "Forbidden", detail: "" })).toBe("X answered 403: Forbidden");
});

test("a body of any kind has a problem, if an empty one", () => {
  expect(problemOf({ kind: "answer", status: 400, headers: {}, body: "<html>" })).toEqual({
    title: "",
    detail: "",
    type: "",
    codes: [],
  });
});
