import { expect, test } from "vitest";
import { PostingError } from "../src/errors.ts";
import type { OutcomeInput, TickState, UnsettledSlot } from "../src/ports.ts";
import { settleSend } from "../src/settle.ts";
import type { Client } from "../src/terms.ts";
import { tickDouble } from "./support/tick.ts";

const now = new Date("2026-11-21T09:30:00Z");
const state: TickState = { clients: new Map(), open: [], unsettled: [] };
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

test("a bug is no outcome", async () => {
  const openClient = () => Promise.reject(new TypeError("a bug"));
  const tick = tickDouble({ now, clients: [{ id: "acme" } as Client], openClient });
  await expect(settleSend(tick, slot, state)).rejects.toThrow(TypeError);
});
