import { expect, test } from "vitest";
import { PostingError } from "../src/errors.ts";
import type { ClientState, OutcomeInput, TickState, UnsettledSlot } from "../src/ports.ts";
import { settleSend } from "../src/settle.ts";
import type { Client } from "../src/terms.ts";
import { tickDouble } from "./support/tick.ts";

const now = new Date("2026-11-21T09:30:00Z");
const state: TickState = { clients: new Map(), open: [], unsettled: [] };
const aDayAgo = (seconds: number) => new Date(now.getTime() - (86_400 + seconds) * 1000);
const slot = {
  id: "acme/2026-11-21T09:00",
  client: "acme",
  plannedAt: new Date("2026-11-21T09:00:00Z"),
  fence: 4,
  draft: { text: "Good morning" },
  xUserId: "1001",
  armedAt: new Date("2026-11-21T09:01:00Z"),
  sends: 1,
  absentReads: 0,
} as unknown as UnsettledSlot;

test("a send whose client's file was removed becomes a dead letter that says where to look", async () => {
  const outcomes: OutcomeInput[] = [];
  const tick = tickDouble({ now, recordOutcome: async (outcome) => outcomes.push(outcome) > 0 });
  expect(await settleSend(tick, slot, state)).toMatchObject({
    outcome: "dead",
    reason: expect.stringContaining("look at the account"),
    text: "Good morning",
  });
  expect(outcomes).toMatchObject([{ slot: slot.id, fence: 4, outcome: "dead", xUsd: 0.015 }]);
});

test("a send whose client's file has an error waits until the file is mended", async () => {
  const tick = tickDouble({ now, broken: ["acme"] });
  expect(await settleSend(tick, slot, state)).toMatchObject({ outcome: "unknown", cause: "config" });
});

test("a send whose credentials cannot be opened stays unknown, with the reason", async () => {
  const client = { id: "acme", handle: "acme", status: "active" } as Client;
  const openClient = () => Promise.reject(new PostingError("config", "the sealed block cannot be opened"));
  const tick = tickDouble({ now, clients: [client], openClient });
  expect(await settleSend(tick, slot, state)).toMatchObject({
    outcome: "unknown",
    cause: "config",
    reason: "the sealed block cannot be opened",
  });
});

test.for([
  { when: "a day", seconds: 0, expected: { outcome: "unknown", cause: "config" }, outcomes: [] },
  {
    when: "more than a day",
    seconds: 1,
    expected: {
      outcome: "dead",
      cause: "sent-twice",
      reason: expect.stringMatching(/more than 24 h \(the sealed block cannot be opened\): look at the account/),
      costUsd: 0.015,
    },
    outcomes: [{ slot: slot.id, fence: 4, outcome: "dead", xUsd: 0.015 }],
  },
])(
  "a send whose credentials cannot be opened for $when is $expected.outcome",
  async ({ seconds, expected, outcomes }) => {
    const recorded: OutcomeInput[] = [];
    const tick = tickDouble({
      now,
      clients: [{ id: "acme", handle: "acme", status: "active" } as Client],
      openClient: () => Promise.reject(new PostingError("config", "the sealed block cannot be opened")),
      recordOutcome: async (outcome) => recorded.push(outcome) > 0,
    });
    expect(await settleSend(tick, { ...slot, armedAt: aDayAgo(seconds) }, state)).toMatchObject(expected);
    expect(recorded).toMatchObject(outcomes);
  },
);

test("a dead letter that the ledger does not take stays unknown", async () => {
  const tick = tickDouble({ now, recordOutcome: () => Promise.reject(new PostingError("rejected", "no")) });
  expect(await settleSend(tick, slot, state)).toMatchObject({
    outcome: "unknown",
    reason: expect.stringContaining("the ledger did not take the outcome; it was: dead"),
  });
});

test.for([
  { state: "open" as const, asked: 0, cause: "backing-off" },
  { state: "half-open" as const, asked: 1, cause: "config" },
])("while X's breaker is $state, X is asked about $asked sends", async ({ state: breaker, asked, cause }) => {
  let opened = 0;
  const openClient = () => {
    opened += 1;
    return Promise.reject(new PostingError("config", "no credentials"));
  };
  const tick = tickDouble({ now, clients: [{ id: "acme", status: "active" } as Client], openClient });
  const breakers = [{ scope: "x" as const, state: breaker, reason: "X is down", clients: [] }];
  expect(await settleSend(tick, slot, { ...state, breakers })).toMatchObject({ outcome: "unknown", cause });
  expect(opened).toBe(asked);
});

test("while only the sends of several clients have failed, X is asked", async () => {
  let opened = 0;
  const openClient = () => {
    opened += 1;
    return Promise.reject(new PostingError("config", "no credentials"));
  };
  const tick = tickDouble({ now, clients: [{ id: "acme", status: "active" } as Client], openClient });
  const sends = { scope: "x" as const, state: "open" as const, reason: "X is down", clients: ["acme", "beta", "cora"] };
  const settling = (breakers: TickState["breakers"]) => settleSend(tick, slot, { ...state, breakers: breakers ?? [] });
  expect(await settling([sends])).toMatchObject({ outcome: "unknown", cause: "config" });
  expect(opened).toBe(1);
  const credits = { ...sends, reason: "no credits", clients: [] };
  expect(await settling([sends, credits])).toMatchObject({ cause: "backing-off", reason: "no credits" });
  expect(opened).toBe(1);
});

const backoffFor = (seconds: number): ClientState => ({
  backoff: { until: new Date(now.getTime() + seconds * 1000), reason: "acme rests" },
  accounts: new Map(),
});

test.for<{ when: string; change: Partial<UnsettledSlot>; seconds: number; asked: number }>([
  { when: "its client waits", change: {}, seconds: 1, asked: 0 },
  { when: "the wait is over", change: {}, seconds: 0, asked: 1 },
  { when: "it is a day old", change: { armedAt: aDayAgo(0) }, seconds: 1, asked: 0 },
  { when: "it is given up unless X tells", change: { armedAt: aDayAgo(1) }, seconds: 1, asked: 1 },
  { when: "only its second send is left", change: { armedAt: aDayAgo(1), absentReads: 2 }, seconds: 1, asked: 0 },
])("X is asked about a send $asked times when $when", async ({ change, seconds, asked }) => {
  let opened = 0;
  const openClient = () => {
    opened += 1;
    return Promise.reject(new PostingError("unavailable", "no credentials"));
  };
  const recordOutcome = async () => true;
  const clients = [{ id: "acme", status: "active" } as Client];
  const tick = tickDouble({ now, clients, openClient, recordOutcome });
  const result = await settleSend(
    tick,
    { ...slot, ...change },
    { ...state, clients: new Map([["acme", backoffFor(seconds)]]) },
  );
  expect(opened).toBe(asked);
  if (asked === 0) expect(result).toMatchObject({ outcome: "unknown", cause: "backing-off", reason: "acme rests" });
});

test("a bug is no outcome", async () => {
  const openClient = () => Promise.reject(new TypeError("a bug"));
  const tick = tickDouble({ now, clients: [{ id: "acme" } as Client], openClient });
  await expect(settleSend(tick, slot, state)).rejects.toThrow(TypeError);
});

test("a run that is stopping looks at no unclear send", async () => {
  const tick = tickDouble({ now, clients: [{ id: "acme", status: "active" } as Client] });
  tick.stop.abort("credits are gone");
  const stopped = { outcome: "unknown", cause: "stopped", reason: "credits are gone", text: "Good morning" };
  expect(await settleSend(tick, slot, state)).toMatchObject(stopped);
});
