import { expect, test } from "vitest";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import type { Outcome } from "../../src/terms.ts";
import { stages } from "./whole-tick.ts";

/** Every row of X's failure table through three whole ticks, 19 minutes apart: facts of POST /2/tweets. */
const open = stages();

interface Row {
  answer: string;
  fault: Fault;
  /** What each tick says of the slot, its exit code, and how many posts are public after it. */
  ticks: readonly [Seen, Seen, Seen];
  cause?: string;
  reason?: RegExp;
}

type Seen = readonly [outcome: Outcome | "nothing", code: 0 | 1, posts: 0 | 1];

const resetAt = new Date("2026-11-21T09:15:00Z");
const posted = [
  ["posted", 0, 1],
  ["nothing", 0, 1],
  ["nothing", 0, 1],
] as const;
const dead = [
  ["dead", 1, 0],
  ["nothing", 0, 0],
  ["nothing", 0, 0],
] as const;
/** The post is public, and the second tick finds it. */
const found = [
  ["unknown", 0, 1],
  ["posted", 0, 1],
  ["nothing", 0, 1],
] as const;
/** Nothing is public: it is looked for twice, then sent once more. */
const sentAgain = [
  ["unknown", 0, 0],
  ["unknown", 0, 0],
  ["posted", 0, 1],
] as const;
/** Waits for half an hour and up to a quarter of that on top, then the stored text goes out. */
const waits = [
  ["deferred", 0, 0],
  ["deferred", 0, 0],
  ["posted", 0, 1],
] as const;
/** Waits for less than a quarter of an hour. */
const waitsBriefly = [
  ["deferred", 0, 0],
  ["posted", 0, 1],
  ["nothing", 0, 1],
] as const;

const rows: readonly Row[] = [
  { answer: "201 with its id", fault: { kind: "lag", seconds: 0 }, ticks: posted },
  { answer: "403 duplicate content", fault: xFaults.duplicate, ticks: dead, cause: "content" },
  { answer: "403 user suspended", fault: xFaults.suspended, ticks: dead, cause: "account", reason: /suspended/ },
  { answer: "403 read-only app", fault: xFaults.readOnlyApp, ticks: dead, cause: "account" },
  {
    answer: "403 client forbidden",
    fault: xFaults.clientForbidden,
    ticks: [["deferred", 1, 0], ...waits.slice(1)] as never,
    cause: "config",
  },
  {
    answer: "403 unsupported authentication",
    fault: xFaults.unsupportedAuthentication,
    ticks: [["deferred", 1, 0], ...waits.slice(1)] as never,
    cause: "config",
  },
  { answer: "403 not permitted", fault: xFaults.notPermitted, ticks: dead, cause: "content" },
  { answer: "403 reply not allowed", fault: xFaults.replyNotAllowed, ticks: dead, cause: "content" },
  { answer: "400 invalid request", fault: xFaults.invalidRequest, ticks: dead, cause: "content" },
  { answer: "401", fault: xFaults.unauthorized, ticks: waits, cause: "credentials" },
  {
    answer: "402 credits depleted",
    fault: xFaults.outOfCredit,
    ticks: [waits[0], waits[1], waits[1]],
    cause: "out-of-credit",
  },
  { answer: "429 without headers", fault: xFaults.tooManyWithoutHeaders, ticks: waitsBriefly, cause: "rate-limited" },
  {
    answer: "429 of the account's window",
    fault: xFaults.tooManyPerUser(resetAt),
    ticks: waitsBriefly,
    cause: "rate-limited",
    reason: /until 2026-11-21T09:15/,
  },
  {
    answer: "429 of the account's day",
    fault: xFaults.tooManyPerDay("user", resetAt),
    ticks: waitsBriefly,
    cause: "rate-limited",
  },
  {
    answer: "429 of the app's day",
    fault: xFaults.tooManyPerDay("app", resetAt),
    ticks: waitsBriefly,
    cause: "rate-limited",
  },
  { answer: "200 with nothing but errors", fault: xFaults.onlyErrors, ticks: sentAgain, cause: "outcome-unknown" },
  { answer: "201 without an id", fault: xFaults.createdWithoutId, ticks: found, cause: "outcome-unknown" },
  { answer: "503 in HTML", fault: xFaults.htmlUnavailable, ticks: sentAgain, cause: "outcome-unknown" },
  ...([500, 502, 503, 504] as const).flatMap((status) => [
    { answer: `${status} before the post was made`, fault: xFaults.serverError(status, false), ticks: sentAgain },
    { answer: `${status} after the post was made`, fault: xFaults.serverError(status, true), ticks: found },
  ]),
  { answer: "a reset connection", fault: { kind: "reset" }, ticks: sentAgain, cause: "outcome-unknown" },
  { answer: "no byte after the post was made", fault: { kind: "lost-answer" }, ticks: found, cause: "outcome-unknown" },
  {
    answer: "201 cut before its id",
    fault: { kind: "cut-body", afterBytes: 6 },
    ticks: found,
    cause: "outcome-unknown",
  },
  { answer: "201 cut behind its id", fault: { kind: "cut-body", afterBytes: 45 }, ticks: posted },
];

test.for(rows)("X answers $answer, and the slot has one post at most", async ({ fault, ticks, cause, reason }) => {
  const { services, tick, slotOf, rows } = await open();
  services.faults.x = ({ method, path, count }) =>
    method === "POST" && path === "/2/tweets" && count === 1 ? fault : undefined;
  const texts = new Set<string>();
  let asked: number | undefined;
  for (const [index, [outcome, code, posts]] of ticks.entries()) {
    const seen = await tick(index === 0 ? 0 : 19);
    const slot = slotOf(seen);
    const public_ = services.x.posts();
    expect(
      { outcome: slot?.outcome ?? "nothing", code: seen.code, posts: public_.length },
      `tick ${index + 1}`,
    ).toEqual({ outcome, code, posts });
    if (index === 0 && cause !== undefined) expect(slot?.cause).toBe(cause);
    if (index === 0 && reason !== undefined) expect(slot?.reason).toMatch(reason);
    for (const text of [slot?.text, ...public_.map((post) => post.text)]) if (text !== undefined) texts.add(text);
    asked ??= services.model.requests();
  }
  // One text for the slot, and the model was asked for it in the first tick alone.
  expect(texts.size).toBe(1);
  expect(services.model.requests()).toBe(asked);
  const [row] = await rows();
  expect(row?.posts).toBe(services.x.posts().length);
});
