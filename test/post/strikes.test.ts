import { expect, test } from "vitest";
import type { SendResult, Strike } from "../../src/ports.ts";
import { proveAccount } from "../../src/post/account.ts";
import { afterSend } from "../../src/post/outcome.ts";
import { type FaultRequest, xFaults } from "../../src/sandbox/x-faults.ts";
import { openSettling } from "./settle-scene.ts";

/** What counts against whom where X's answer does not say it all. */

const now = new Date("2026-11-21T12:00:00Z");
const windows = [] as const;
const reason = "X answered so";
const blocked: SendResult = { kind: "blocked", reason, windows };
const unnamed: SendResult = { kind: "rejected", concerns: "unnamed", reason, windows };
const down: SendResult = { kind: "unknown", reason, isDown: true, windows };

test.for<{ when: string; result: SendResult; resend: boolean; expected: object }>([
  {
    when: "blocked at the first send",
    result: blocked,
    resend: false,
    expected: { outcome: "unknown", cause: "outcome-unknown", xCharged: false },
  },
  {
    when: "blocked behind two reads without it",
    result: blocked,
    resend: true,
    expected: { outcome: "unknown", cause: "unavailable", notLeft: true },
  },
  {
    when: "refused for a reason that X does not name",
    result: unnamed,
    resend: false,
    expected: {
      outcome: "dead",
      cause: "content",
      reason: expect.stringMatching(/does not take this text: .*locked .*daily limit/),
    },
  },
  { when: "sent while X is down", result: down, resend: false, expected: { outcome: "unknown", xCharged: false } },
])("a text that was $when is $expected.outcome", ({ result, resend, expected }) => {
  expect(afterSend(result, { resend, now })).toMatchObject(expected);
});

test("a first send that was blocked may have left", () => {
  expect(afterSend(blocked, { resend: false, now }).notLeft).toBeUndefined();
  expect(afterSend(down, { resend: true, now }).notLeft).toBeUndefined();
});

test.for<{ result: SendResult; expected: readonly Partial<Strike>[] }>([
  {
    result: blocked,
    expected: [
      { scope: "client", cause: "blocked", opensAfter: 3 },
      { scope: "x", cause: "blocked", opensAfter: 3, severalClients: true, anyoneTries: true },
    ],
  },
  {
    result: unnamed,
    expected: [
      { scope: "client", cause: "refused", opensAfter: 3 },
      { scope: "x", cause: "refused", opensAfter: 3, severalClients: true, anyoneTries: true },
    ],
  },
  { result: down, expected: [{ scope: "x", cause: "down", opensAfter: 3, severalClients: true, anyoneTries: true }] },
])("the strikes of $result.kind wait for some minutes up to a day, and say what to look at", ({ result, expected }) => {
  for (const resend of [false, true]) {
    const { strikes = [] } = afterSend(result, { resend, now });
    expect(strikes).toMatchObject(expected);
    for (const { baseMinutes, capMinutes, reason: said } of strikes) {
      expect(baseMinutes).toBeGreaterThanOrEqual(10);
      expect(capMinutes).toBeGreaterThan(baseMinutes);
      expect(capMinutes).toBeLessThanOrEqual(24 * 60);
      expect(said).toMatch(/look|see/);
    }
  }
});

test("a second send that waits for an answer of users/me rests its own client and says nothing of others", async () => {
  const faults = ({ path }: FaultRequest) => (path === "/2/users/me" ? xFaults.serverError(503, false) : undefined);
  const { settle, clock, ledger } = await openSettling(faults);
  const unproven = { knownAccounts: new Map<string, string>() };
  await settle(unproven);
  clock.advance(60);
  expect(await settle(unproven)).toMatchObject({ outcome: "unknown", cause: "unavailable" });
  expect(ledger.outcomes).toMatchObject([{ outcome: "deferred", reason: expect.stringContaining("503") }]);
  expect(ledger.outcomes[0]?.strikes).toEqual([
    {
      scope: "client",
      cause: "unread",
      reason: expect.stringMatching(/503.*see whether the account can be read/),
      baseMinutes: 15,
      capMinutes: 240,
      opensAfter: 1,
    },
  ]);
});

test("a client with another account's credential rests at once, with both accounts in the reason, and stops nobody else", async () => {
  const knownAccounts = new Map([["print", "666"]]);
  const proof = { client: { id: "acme", xUserId: "1001" }, fingerprint: "print", knownAccounts };
  const proven = await proveAccount(proof, {} as never);
  expect(proven).toMatchObject({
    proven: false,
    failed: {
      strikes: [{ scope: "client", cause: "wrong-account", baseMinutes: 1440, capMinutes: 7 * 1440, opensAfter: 1 }],
    },
  });
  const [strike] = (!proven.proven && proven.failed.strikes) || [];
  expect(strike?.reason).toMatch(/X user 666, but acme is X user 1001: .*then resume acme/);
});
