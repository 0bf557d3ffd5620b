import { expect, test } from "vitest";
import type { Armed, XAccount } from "../../src/ports.ts";
import { publishDraft } from "../../src/post/publish.ts";
import { modelStrike } from "../../src/post/strikes.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import type { Draft } from "../../src/terms.ts";
import { acme, noon } from "../contracts/x-fixture.ts";
import { draft, openPublishing as scene, slot } from "./publish-scene.ts";

test("a draft becomes one post, with the intent stored before and the outcome after", async () => {
  const { input, ports, ledger, x } = await scene();
  const result = await publishDraft(input, ports);
  const postId = x.posts()[0]?.id;
  expect(result).toMatchObject({ slot, outcome: "posted", postId, costUsd: 0.015 });
  expect(ledger.armed).toEqual([
    { run: "run-1", slot, fence: 1, now: noon, leaseSeconds: 300, account: { fingerprint: "print", xUserId: "1001" } },
  ]);
  expect(ledger.outcomes).toEqual([
    { run: "run-1", slot, fence: 1, now: noon, outcome: "posted", postId, xUsd: 0.015 },
  ]);
  expect(x.requests("GET", "/2/users/me"), "a known credential is not asked about again").toBe(0);
  expect(x.posts()[0]).toMatchObject({ text: "Good morning", madeWithAi: true });
});

test("a link costs its own price, and a text by a person is not marked as made by AI", async () => {
  const { input, ports, x } = await scene();
  const written: Draft = { ...draft, text: "See example.com", hasLink: true, source: "fallback" };
  expect(await publishDraft({ ...input, draft: written }, ports)).toMatchObject({ costUsd: 0.2 });
  expect(x.posts()[0]?.madeWithAi).toBe(false);
});

test("the intent and the send take one place, and nothing of the ledger's after them does", async () => {
  const { input, ports, ledger, x } = await scene();
  const seen: object[] = [];
  const look = () => ({ armed: ledger.armed.length, posts: x.posts().length, outcomes: ledger.outcomes.length });
  const outside: typeof ports.outside = async (work) => {
    seen.push(look());
    const done = await work();
    seen.push(look());
    return done;
  };
  await publishDraft(input, { ...ports, outside });
  expect(seen).toEqual([
    { armed: 0, posts: 0, outcomes: 0 },
    { armed: 1, posts: 1, outcomes: 0 },
  ]);
});

test("an unknown credential is asked about once, and the read is counted before", async () => {
  const { input, ports, ledger, x } = await scene({ known: [] });
  expect(await publishDraft(input, ports)).toMatchObject({ outcome: "posted", costUsd: 0.025 });
  expect(x.requests("GET", "/2/users/me")).toBe(1);
  expect(ledger.counted.map(({ usd }) => usd)).toEqual([0.01]);
  expect(ledger.outcomes[0]?.xUsd).toBe(0.015);
});

test.for([
  {
    when: "X names another account",
    options: {
      known: [] as [string, string][],
      faults: () => ({ kind: "wrong-account", xUserId: "666", handle: "o" }),
    },
    reads: 1,
  },
  { when: "the ledger knows another account", options: { known: [["print", "666"]] as [string, string][] }, reads: 0 },
] satisfies { when: string; options: Parameters<typeof scene>[0]; reads: number }[])(
  "nothing is sent when $when",
  async ({ options, reads }) => {
    const { input, ports, ledger, x } = await scene(options);
    const result = await publishDraft(input, ports);
    expect(result).toMatchObject({ outcome: "dead", cause: "wrong-account", stop: "client" });
    expect(result.reason).toContain("666");
    expect(result.reason).toContain(acme.xUserId);
    expect(ledger.armed).toEqual([]);
    expect(ledger.outcomes).toMatchObject([{ outcome: "dead" }]);
    expect(x.posts()).toEqual([]);
    expect(x.requests("GET", "/2/users/me")).toBe(reads);
  },
);

test("an account that can't be proven waits, and nothing is sent", async () => {
  const { input, ports, ledger, x } = await scene({ known: [], faults: () => xFaults.unauthorized });
  expect(await publishDraft(input, ports)).toMatchObject({ outcome: "deferred", cause: "credentials", stop: "client" });
  expect(ledger.outcomes).toMatchObject([{ outcome: "deferred", strikes: [{ scope: "client" }, { scope: "x" }] }]);
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test.for<{ why: Extract<Armed, { armed: false }>["why"]; outcome: string; records: number }>([
  { why: "halted", outcome: "deferred", records: 1 },
  { why: "backing-off", outcome: "deferred", records: 1 },
  { why: "sent-twice", outcome: "unknown", records: 1 },
  { why: "fence-lost", outcome: "deferred", records: 0 },
])("nothing is sent when the ledger answers $why to the intent", async ({ why, outcome, records }) => {
  const { input, ports, ledger, x } = await scene();
  ledger.refuseArm = { armed: false, why, reason: `because ${why}` };
  expect(await publishDraft(input, ports)).toMatchObject({ outcome, cause: why, reason: `because ${why}` });
  expect(ledger.outcomes).toHaveLength(records);
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test("nothing is sent when another run holds the slot", async () => {
  const { input, ports, ledger, x } = await scene();
  ledger.fence = 2;
  expect(await publishDraft(input, ports)).toMatchObject({ outcome: "deferred", cause: "fence-lost" });
  expect(x.posts()).toEqual([]);
});

test("nothing is sent when the ledger does not take the intent", async () => {
  const { input, ports, ledger, x } = await scene();
  ledger.fail("armSlot", 1);
  expect(await publishDraft(input, ports)).toMatchObject({ outcome: "deferred", cause: "unavailable" });
  expect(x.posts()).toEqual([]);
});

test("a bug in the ledger's adapter is no deferral", async () => {
  const { input, ports } = await scene();
  const armSlot = async () => {
    throw new TypeError("a bug");
  };
  await expect(publishDraft(input, { ...ports, ledger: { ...ports.ledger, armSlot } })).rejects.toThrow(TypeError);
});

test("an outcome that the ledger drops a few times is stored in the end, and nothing is sent again", async () => {
  const { input, ports, ledger, x, sleeps } = await scene();
  ledger.fail("recordOutcome", 3);
  expect(await publishDraft(input, ports)).toMatchObject({ outcome: "posted" });
  expect(ledger.outcomes).toHaveLength(1);
  expect(sleeps).toEqual([500, 1000, 2000]);
  expect(x.requests("POST", "/2/tweets")).toBe(1);
});

test("an outcome that the ledger never takes is reported as unknown, with the post's id", async () => {
  const { input, ports, ledger, x, sleeps } = await scene();
  ledger.fail("recordOutcome", 100);
  const result = await publishDraft(input, ports);
  expect(result).toMatchObject({ outcome: "unknown", cause: "outcome-unknown", postId: x.posts()[0]?.id });
  expect(result.reason).toContain(`posted, ${x.posts()[0]?.id}`);
  expect(sleeps.reduce((sum, one) => sum + one, 0)).toBeLessThan(30_000);
  expect(x.posts()).toHaveLength(1);
});

test("a deferral that the ledger does not take stays a deferral, for nothing was sent", async () => {
  const { input, ports, ledger } = await scene({ known: [], faults: () => xFaults.unauthorized });
  ledger.fail("recordOutcome", 100);
  const result = await publishDraft(input, ports);
  expect(result).toMatchObject({ outcome: "deferred", cause: "credentials" });
  expect(result.reason).toMatch(/^the ledger did not take the outcome; it was: deferred, X answered 401/);
});

test("a slot that another run took during the send is unknown here", async () => {
  const { input, ports, ledger } = await scene();
  const account: XAccount = {
    ...ports.account,
    send: async (post) => {
      const result = await ports.account.send(post);
      ledger.fence = 2;
      return result;
    },
  };
  const result = await publishDraft(input, { ...ports, account });
  expect(result).toMatchObject({ outcome: "unknown", cause: "outcome-unknown" });
  expect(result.reason).toContain("another run took this slot meanwhile");
});

test.for([new TypeError("secret detail"), "no error at all"])("a send that throws %s is unknown", async (thrown) => {
  const { input, ports, ledger } = await scene();
  const send = async () => Promise.reject(thrown);
  const result = await publishDraft(input, { ...ports, account: { ...ports.account, send } });
  expect(result).toMatchObject({ outcome: "unknown", costUsd: 0 });
  expect(result.reason).not.toContain("secret detail");
  expect(ledger.outcomes).toMatchObject([{ outcome: "unknown" }]);
});

test.for<{ when: string; fault: Fault; outcome: string; isPublic: boolean }>([
  { when: "the answer is lost", fault: { kind: "lost-answer" }, outcome: "unknown", isPublic: true },
  { when: "a 503 comes", fault: xFaults.serverError(503, false), outcome: "unknown", isPublic: false },
  { when: "credits are gone", fault: xFaults.outOfCredit, outcome: "deferred", isPublic: false },
  { when: "the text was posted before", fault: xFaults.duplicate, outcome: "dead", isPublic: false },
  { when: "the account is suspended", fault: xFaults.suspended, outcome: "dead", isPublic: false },
])("a slot is $outcome when $when", async ({ fault, outcome, isPublic }) => {
  const { input, ports, ledger, x } = await scene({ faults: () => fault });
  expect(await publishDraft(input, ports)).toMatchObject({ outcome, costUsd: 0 });
  expect(ledger.outcomes).toMatchObject([{ outcome, xUsd: 0 }]);
  expect(x.posts()).toHaveLength(isPublic ? 1 : 0);
  expect(x.requests("POST", "/2/tweets")).toBe(1);
});

test("a machine that stood still after the intent was stored sends nothing", async () => {
  const { input, ports, ledger, x } = await scene();
  let now = noon.getTime();
  const clock = () => new Date(now);
  const armSlot: typeof ledger.armSlot = async (intent) => {
    now += 151_000;
    return ledger.armSlot(intent);
  };
  const result = await publishDraft(input, { ...ports, clock, ledger: { ...ledger, armSlot } });
  expect(result).toMatchObject({ outcome: "deferred", reason: expect.stringContaining("stood still for 151 s") });
  expect(ledger.outcomes[0]?.strikes, "a machine that slept says nothing of X").toBeUndefined();
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test("what writing the text has shown of the models goes to the ledger with the outcome, beside what X said", async () => {
  const { input, ports, ledger } = await scene({ faults: () => xFaults.outOfCredit });
  await publishDraft({ ...input, models: { strikes: [modelStrike("it is gone")] } }, ports);
  await publishDraft({ ...input, models: { modelAnswered: true } }, ports);
  expect(ledger.outcomes).toMatchObject([
    { strikes: [{ scope: "x" }, { scope: "model", reason: expect.stringContaining("it is gone") }] },
    { strikes: [{ scope: "x" }], modelAnswered: true },
  ]);
});

test("a post that used up X's window keeps its client away until the window resets", async () => {
  const { input, ports, ledger } = await scene();
  const resetAt = new Date("2026-11-21T12:15:00Z");
  const send: XAccount["send"] = async (post) => ({
    ...(await ports.account.send(post)),
    windows: [{ scope: "client", remaining: 0, resetAt }],
  });
  await publishDraft(input, { ...ports, account: { ...ports.account, send } });
  expect(ledger.outcomes).toMatchObject([{ outcome: "posted", backoff: { scope: "client", until: resetAt } }]);
});
