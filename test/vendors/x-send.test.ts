import { expect, test } from "vitest";
import type { SendResult } from "../../src/ports.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { hangDeadlineMs, noon, openX } from "../contracts/x-fixture.ts";

const text = "Fish & chips <fresh> at https://example.com/menu";
const soon = new Date(noon.getTime() + 600_000);
const late = new Date(noon.getTime() + 3_600_000);

interface Row {
  when: string;
  fault: Fault;
  expected: { kind: SendResult["kind"] } & Record<string, unknown>;
  isPublic: boolean;
}

const rows: readonly Row[] = [
  { when: "the answer is lost", fault: { kind: "lost-answer" }, expected: { kind: "unknown" }, isPublic: true },
  { when: "the connection is reset", fault: { kind: "reset" }, expected: { kind: "unknown" }, isPublic: false },
  {
    when: "a 201 is cut behind its id",
    fault: { kind: "cut-body", afterBytes: 40 },
    expected: { kind: "created" },
    isPublic: true,
  },
  {
    when: "a 201 is cut before its id",
    fault: { kind: "cut-body", afterBytes: 18 },
    expected: { kind: "unknown" },
    isPublic: true,
  },
  {
    when: "X hangs without a post",
    fault: { kind: "hang", done: false },
    expected: { kind: "unknown" },
    isPublic: false,
  },
  {
    when: "X hangs behind the post",
    fault: { kind: "hang", done: true },
    expected: { kind: "unknown" },
    isPublic: true,
  },
  ...([500, 502, 503, 504] as const).flatMap((status): Row[] => [
    {
      when: `${status} comes before the post`,
      fault: xFaults.serverError(status, false),
      expected: { kind: "unknown" },
      isPublic: false,
    },
    {
      when: `${status} comes after the post`,
      fault: xFaults.serverError(status, true),
      expected: { kind: "unknown" },
      isPublic: true,
    },
  ]),
  { when: "a 503 is HTML", fault: xFaults.htmlUnavailable, expected: { kind: "unknown" }, isPublic: false },
  { when: "a proxy gave up", fault: xFaults.proxyTimeout, expected: { kind: "unknown", isDown: true }, isPublic: true },
  { when: "a proxy turns it away", fault: xFaults.edgeForbidden, expected: { kind: "blocked" }, isPublic: false },
  { when: "a 200 has only errors", fault: xFaults.onlyErrors, expected: { kind: "unknown" }, isPublic: false },
  { when: "a 201 has no id", fault: xFaults.createdWithoutId, expected: { kind: "unknown" }, isPublic: true },
  {
    when: "15 minutes are used up",
    fault: xFaults.tooManyPerUser(soon),
    expected: { kind: "rate-limited", scope: "client", until: soon },
    isPublic: false,
  },
  {
    when: "the account's day is used up",
    fault: xFaults.tooManyPerDay("user", late),
    expected: { kind: "rate-limited", scope: "client", until: late },
    isPublic: false,
  },
  {
    when: "the app's day is used up",
    fault: xFaults.tooManyPerDay("app", late),
    expected: { kind: "rate-limited", scope: "all", until: late },
    isPublic: false,
  },
  {
    when: "a 429 has no headers",
    fault: xFaults.tooManyWithoutHeaders,
    expected: { kind: "rate-limited", scope: "client", until: new Date(noon.getTime() + 900_000) },
    isPublic: false,
  },
  {
    when: "the token is revoked",
    fault: xFaults.unauthorized,
    expected: { kind: "rejected", concerns: "credential" },
    isPublic: false,
  },
  { when: "credits are gone", fault: xFaults.outOfCredit, expected: { kind: "out-of-credit" }, isPublic: false },
  { when: "the text is a duplicate", fault: xFaults.duplicate, expected: { kind: "duplicate" }, isPublic: false },
  {
    when: "the account is suspended",
    fault: xFaults.suspended,
    expected: { kind: "rejected", concerns: "account" },
    isPublic: false,
  },
  {
    when: "the app may only read",
    fault: xFaults.readOnlyApp,
    expected: { kind: "rejected", concerns: "account" },
    isPublic: false,
  },
  {
    when: "the app is not enrolled",
    fault: xFaults.clientForbidden,
    expected: { kind: "rejected", concerns: "app" },
    isPublic: false,
  },
  {
    when: "the authentication is of the wrong kind",
    fault: xFaults.unsupportedAuthentication,
    expected: { kind: "rejected", concerns: "app" },
    isPublic: false,
  },
  {
    when: "X does not permit it",
    fault: xFaults.notPermitted,
    expected: { kind: "rejected", concerns: "unnamed" },
    isPublic: false,
  },
  {
    when: "the reply is not allowed",
    fault: xFaults.replyNotAllowed,
    expected: { kind: "rejected", concerns: "unnamed" },
    isPublic: false,
  },
  {
    when: "the request is invalid",
    fault: xFaults.invalidRequest,
    expected: { kind: "rejected", concerns: "content" },
    isPublic: false,
  },
];

test.for(rows)("a send is classified when $when", async ({ fault, expected, isPublic }) => {
  const { x, account } = await openX({
    faults: () => fault,
    ...(fault.kind === "hang" && { sendDeadlineMs: hangDeadlineMs }),
  });
  const result = await account.send({ text, madeWithAi: false });
  expect(result).toMatchObject(expected);
  expect(x.posts()).toHaveLength(isPublic ? 1 : 0);
  expect(x.requests("POST", "/2/tweets"), "one send, no retry").toBe(1);
  if (result.kind === "created") expect(result.postId).toBe(x.posts()[0]?.id);
});
