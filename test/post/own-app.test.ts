import { expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import type { SendResult } from "../../src/ports.ts";
import { afterSend } from "../../src/post/outcome.ts";
import { publishDraft } from "../../src/post/publish.ts";
import { afterReadFailure } from "../../src/post/read-failure.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { openPublishing } from "./publish-scene.ts";
import { openSettling, reads } from "./settle-scene.ts";

/** What X says of an app stands for every client that uses it, and for one alone where the app is its own. */

const now = new Date("2026-11-21T12:00:00Z");
const until = new Date("2026-11-22T00:00:00Z");
const [windows, reason] = [[], "X answered so"] as const;
const full = [{ scope: "all", remaining: 0, resetAt: until }] as const;

test.for<{ when: string; result: SendResult; told: string }>([
  { when: "out of credit", result: { kind: "out-of-credit", reason, windows }, told: "x" },
  { when: "not enrolled", result: { kind: "rejected", concerns: "app", reason, windows }, told: "x" },
  { when: "at its limit", result: { kind: "rate-limited", scope: "all", until, windows }, told: "all" },
  { when: "at its limit by this post", result: { kind: "created", postId: "5", windows: full }, told: "all" },
])("an app that is $when stops those that use it", ({ result, told }) => {
  const scopes = (ownApp: boolean) => {
    const { stop, backoff, strikes = [] } = afterSend(result, { resend: false, now, ownApp });
    return { stop, told: [...(backoff ? [backoff] : []), ...strikes].map(({ scope }) => scope) };
  };
  expect(scopes(false).told).toEqual([told]);
  expect(scopes(true).told).toEqual(["client"]);
  if (result.kind === "created") return;
  expect(scopes(false).stop).toBe("all");
  expect(scopes(true).stop).toBe("client");
});

test("a read that X will not answer without credit says whose app it was", () => {
  const error = new PostingError("out-of-credit", reason);
  expect(afterReadFailure(error, { now })).toMatchObject({ stop: "all", strikes: [{ scope: "x" }] });
  const own = afterReadFailure(error, { now, ownApp: true });
  expect(own).toMatchObject({ stop: "client", strikes: [{ scope: "client", cause: "out-of-credit" }] });
  expect(own.reason).toMatch(/buy credits .*the client's own app/);
});

test("a read that X refuses the app is the app's trouble, whoever's app it is, and not a dead token", () => {
  const error = new PostingError("config", reason, { concerns: "app" });
  const shared = afterReadFailure(error, { now });
  expect(shared).toMatchObject({ outcome: "deferred", stop: "all", strikes: [{ scope: "x", cause: "app" }] });
  expect(shared.reason).not.toMatch(/token/);
  const own = afterReadFailure(error, { now, ownApp: true });
  expect(own).toMatchObject({ stop: "client", strikes: [{ scope: "client", cause: "app" }] });
  const token = afterReadFailure(new PostingError("config", reason), { now });
  expect(token.strikes).toMatchObject([
    { scope: "client", cause: "credentials" },
    { scope: "x", cause: "credentials" },
  ]);
});

test.for<{ path: string; fault: Fault; known: [string, string][] }>([
  { path: "/2/tweets", fault: xFaults.outOfCredit, known: [["print", "1001"]] },
  { path: "/2/tweets", fault: xFaults.clientForbidden, known: [["print", "1001"]] },
  { path: "/2/users/me", fault: xFaults.outOfCredit, known: [] },
  { path: "/2/users/me", fault: xFaults.clientForbidden, known: [] },
])("a refusal of the client's own app at $path rests that client alone", async ({ path, fault, known }) => {
  const { input, ports, ledger } = await openPublishing({ known, faults: (at) => (at === path ? fault : undefined) });
  expect(await publishDraft({ ...input, ownApp: true }, ports)).toMatchObject({ outcome: "deferred", stop: "client" });
  expect(ledger.outcomes[0]?.strikes?.map(({ scope }) => scope)).toEqual(["client"]);
});

test.for([
  { ownApp: false, stop: "all", scope: "x" },
  { ownApp: true, stop: "client", scope: "client" },
])("an app that may not read any more stops $stop, where it is the client's own: $ownApp", async (expected) => {
  const { settle, ledger } = await openSettling(reads(xFaults.clientForbidden));
  const { ownApp, stop, scope } = expected;
  expect(await settle({ ownApp })).toMatchObject({ outcome: "unknown", stop });
  expect(ledger.outcomes).toMatchObject([{ strikes: [{ scope, cause: "app" }] }]);
});

test("a send whose app is the client's own, and out of credit, is not settled and stops nobody else", async () => {
  const { settle, ledger } = await openSettling(reads(xFaults.outOfCredit));
  expect(await settle({ ownApp: true })).toMatchObject({ outcome: "unknown", stop: "client" });
  expect(ledger.outcomes).toMatchObject([{ strikes: [{ scope: "client", cause: "out-of-credit" }] }]);
});
