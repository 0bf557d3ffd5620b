import { expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import type { XAccount } from "../../src/ports.ts";
import { type SettleSlotInput, settleSlot } from "../../src/post/settle-slot.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { once, reads, openSettling as scene, text } from "./settle-scene.ts";

test("a post whose answer was lost is found, paid for, and never sent again", async () => {
  const { x, settle, sendUnseen, ledger } = await scene(once({ kind: "lost-answer" }));
  expect((await sendUnseen()).kind).toBe("unknown");
  const result = await settle();
  expect(result).toMatchObject({ outcome: "posted", postId: x.posts()[0]?.id, costUsd: expect.closeTo(0.205) });
  expect(ledger.counted.map(({ usd }) => usd)).toEqual([0.025]);
  expect(ledger.outcomes).toMatchObject([{ outcome: "posted", postId: x.posts()[0]?.id, xUsd: 0.18 }]);
  expect(x.requests("POST", "/2/tweets")).toBe(1);
});

test("a post that never arrived is sent once more after two absent reads, and not before", async () => {
  const { x, settle, sendUnseen, clock, ledger } = await scene(once({ kind: "reset" }));
  await sendUnseen();
  expect(await settle()).toMatchObject({ outcome: "unknown", costUsd: 0 });
  clock.advance(59);
  expect(await settle(), "too soon after the first read").toMatchObject({ outcome: "unknown" });
  expect(x.posts()).toEqual([]);
  expect(ledger.outcomes).toEqual([]);
  clock.advance(1);
  expect(await settle()).toMatchObject({ outcome: "posted", postId: x.posts()[0]?.id, costUsd: 0.2 });
  expect(x.posts().map((post) => post.text)).toEqual([text]);
  expect(ledger.armed).toHaveLength(1);
});

test("a timeline that lags behind leads to a duplicate refusal, which proves the post", async () => {
  const { x, settle, sendUnseen, clock } = await scene(once({ kind: "lag", seconds: 100_000 }));
  await sendUnseen();
  await settle();
  clock.advance(60);
  const result = await settle();
  expect(result).toMatchObject({ outcome: "posted", costUsd: 0.2 });
  expect(result.reason).toBe("X says this text is already posted; its id is not known");
  expect(result.postId).toBeUndefined();
  expect(x.posts()).toHaveLength(1);
});

test("after a duplicate refusal the id is read from the timeline, once it shows", async () => {
  const opened = await scene(once({ kind: "lag", seconds: 61 }));
  await opened.sendUnseen();
  await opened.settle();
  opened.clock.advance(60);
  const account: XAccount = {
    ...opened.account,
    send: (post) => {
      opened.clock.advance(5);
      return opened.account.send(post);
    },
  };
  const result = await settleSlot(opened.input, { ...opened.ports, account });
  expect(result).toMatchObject({ outcome: "posted", postId: opened.x.posts()[0]?.id });
  expect(result.costUsd).toBeCloseTo(0.205);
  expect(opened.x.posts()).toHaveLength(1);
});

test("a duplicate refusal stands even when the timeline can't be read any more", async () => {
  const { x, settle, sendUnseen, clock } = await scene(({ method, count }) => {
    if (method === "POST") return count === 1 ? { kind: "lag", seconds: 100_000 } : undefined;
    return count > 2 ? xFaults.serverError(503, false) : undefined;
  });
  await sendUnseen();
  await settle();
  clock.advance(60);
  expect(await settle()).toMatchObject({ outcome: "posted", reason: expect.stringContaining("not known") });
  expect(x.posts()).toHaveLength(1);
});

test.for<{ when: string; fault: Fault; outcome: string; stored: string }>([
  { when: "X can't tell", fault: xFaults.serverError(502, false), outcome: "unknown", stored: "unknown" },
  // X surely refused this one, so the ledger hears that it did not leave.
  { when: "the token is revoked", fault: xFaults.unauthorized, outcome: "unknown", stored: "deferred" },
  { when: "credits are gone", fault: xFaults.outOfCredit, outcome: "unknown", stored: "deferred" },
  { when: "X counts too many", fault: xFaults.tooManyWithoutHeaders, outcome: "unknown", stored: "deferred" },
  { when: "a proxy turns it away", fault: xFaults.edgeForbidden, outcome: "unknown", stored: "deferred" },
  { when: "a proxy gave up on X", fault: xFaults.proxyTimeout, outcome: "unknown", stored: "unknown" },
  { when: "the account is suspended", fault: xFaults.suspended, outcome: "dead", stored: "dead" },
])("a second send ends $outcome when $when, and is stored as $stored", async ({ fault, outcome, stored }) => {
  const { x, settle, clock, ledger } = await scene(({ method }) => (method === "POST" ? fault : undefined));
  await settle();
  clock.advance(60);
  expect(await settle()).toMatchObject({ outcome });
  expect(ledger.outcomes).toMatchObject([{ outcome: stored }]);
  expect(x.requests("POST", "/2/tweets")).toBe(1);
});

test.for([
  { why: "halted", outcome: "unknown" },
  { why: "backing-off", outcome: "unknown" },
] as const)("a second send does not leave while the ledger says $why", async ({ why, outcome }) => {
  const { x, settle, clock, ledger } = await scene();
  await settle();
  clock.advance(60);
  ledger.refuseArm = { armed: false, why, reason: why };
  expect(await settle()).toMatchObject({ outcome, reason: why });
  expect(ledger.outcomes, "an earlier send keeps the answer that it had").toMatchObject([{ outcome: "deferred" }]);
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test("while X rests the account is read, and a second send waits without a proof of the account", async () => {
  const { x, settle, clock, ledger } = await scene();
  const resting = { resting: "X is down", knownAccounts: new Map<string, string>() };
  await settle(resting);
  clock.advance(60);
  expect(await settle(resting)).toMatchObject({ outcome: "unknown", cause: "backing-off", reason: "X is down" });
  expect(ledger.outcomes).toMatchObject([{ outcome: "deferred", reason: "X is down", xUsd: -0.025 }]);
  expect(ledger.armed).toEqual([]);
  expect(x.requests("GET", "/2/users/1001/tweets")).toBe(2);
  expect(x.requests("GET", "/2/users/me") + x.requests("POST", "/2/tweets")).toBe(0);
});

test("while X rests a post that shows is found", async () => {
  const { x, settle, sendUnseen } = await scene(once({ kind: "lost-answer" }));
  await sendUnseen();
  expect(await settle({ resting: "X is down" })).toMatchObject({ outcome: "posted", postId: x.posts()[0]?.id });
});

test.for<{ when: string; change: (input: SettleSlotInput) => Partial<SettleSlotInput>; expected: object }>([
  {
    when: "it is too late",
    change: ({ client }) => ({ client: { ...client, schedule: { ...client.schedule, lateWithinSeconds: 30 } } }),
    expected: { outcome: "missed", cause: "too-late", costUsd: 0.2 },
  },
  {
    when: "the client is paused",
    change: ({ client }) => ({ client: { ...client, status: "paused" } }),
    expected: { outcome: "missed", reason: "was not on X in two reads, and the client is paused now" },
  },
  {
    when: "the client has another account now",
    change: ({ client }) => ({ client: { ...client, xUserId: "42" } }),
    expected: { outcome: "dead", reason: expect.stringContaining("42, before 1001") },
  },
  {
    when: "it was sent twice already",
    change: ({ slot }) => ({ slot: { ...slot, sends: 2 } }),
    expected: { outcome: "dead", cause: "sent-twice", costUsd: 0.2 },
  },
  {
    when: "the credential belongs to somebody else",
    change: () => ({ knownAccounts: new Map([["print", "666"]]) }),
    expected: { outcome: "dead", cause: "wrong-account" },
  },
])("an absent post is not sent again when $when", async ({ change, expected }) => {
  const { x, settle, clock, input, ledger } = await scene();
  await settle();
  clock.advance(60);
  expect(await settle(change(input))).toMatchObject(expected);
  expect(ledger.outcomes).toHaveLength(1);
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test("a timeline that can't be read keeps the slot unknown, and X's wish to wait is kept", async () => {
  const { settle, ledger } = await scene(reads(xFaults.outOfCredit));
  const result = await settle();
  expect(result).toMatchObject({
    outcome: "unknown",
    stop: "all",
    reason: expect.stringContaining("not settled so far"),
  });
  // Nothing left in this tick, so no earlier send is called unclear because of it; the ledger keeps the slot unknown.
  expect(ledger.outcomes).toMatchObject([{ outcome: "deferred", strikes: [{ scope: "x", cause: "out-of-credit" }] }]);
  expect(ledger.absentReads).toBe(0);
});

test("a timeline that can't be read for a day ends as a dead letter", async () => {
  const { settle, clock } = await scene(reads(xFaults.serverError(500, false)));
  clock.advance(86_401);
  expect(await settle()).toMatchObject({ outcome: "dead", reason: expect.stringContaining("look at the account") });
});

test("an absence that the ledger can't count is no absence", async () => {
  const { settle, ledger, clock, x } = await scene();
  await settle();
  clock.advance(60);
  ledger.fail("recordAbsence", 1);
  expect(await settle()).toMatchObject({
    outcome: "unknown",
    reason: expect.stringContaining("the ledger did not answer"),
  });
  expect(ledger.outcomes[0]?.strikes, "the ledger's trouble is not X's").toBeUndefined();
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test("a bug while counting an absence is thrown, not called an absence", async () => {
  const { input, ports } = await scene();
  const recordAbsence = async () => {
    throw new TypeError("a bug");
  };
  await expect(settleSlot(input, { ...ports, ledger: { ...ports.ledger, recordAbsence } })).rejects.toThrow(TypeError);
});

test("a bug while reading is thrown, not counted", async () => {
  const { input, ports } = await scene();
  const postsSince = async () => {
    throw new TypeError("a bug");
  };
  const settling = settleSlot(input, { ...ports, account: { ...ports.account, postsSince } });
  await expect(settling).rejects.toThrow(TypeError);
  await expect(settling).rejects.not.toBeInstanceOf(PostingError);
});

test("a settled post that the ledger does not take stays unknown, and a later tick settles it again", async () => {
  const { x, settle, sendUnseen, ledger } = await scene(once({ kind: "lost-answer" }));
  await sendUnseen();
  ledger.fail("recordOutcome", 100);
  expect(await settle()).toMatchObject({ outcome: "unknown", reason: expect.stringContaining("posted") });
  ledger.fail("recordOutcome", 0);
  expect(await settle()).toMatchObject({ outcome: "posted" });
  expect(x.requests("POST", "/2/tweets")).toBe(1);
});
