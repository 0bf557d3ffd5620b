import { expect, test } from "vitest";
import type { Ledger, OutcomeInput } from "../src/ports.ts";
import { type Job, serveSlot } from "../src/serve.ts";
import { tickDouble } from "./support/tick.ts";

const now = new Date("2026-11-21T09:04:00Z");
const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: new Date("2026-11-21T09:00:00Z") };
const job = { slot, client: { id: "acme" }, claim: { slot: slot.id, fence: 3 } } as Job;

function stoppedTick(recordOutcome: Ledger["recordOutcome"]) {
  const tick = tickDouble({ now, recordOutcome });
  tick.stop.abort("credits are used up");
  return tick;
}

test("after a stop nothing is opened or written: the slot goes back with the reason", async () => {
  const recorded: OutcomeInput[] = [];
  const tick = stoppedTick(async (outcome) => {
    recorded.push(outcome);
    return true;
  });
  const result = await serveSlot(tick, job);
  expect(result).toMatchObject({ outcome: "deferred", cause: "stopped", reason: "credits are used up", costUsd: 0 });
  expect(recorded).toEqual([
    expect.objectContaining({ slot: slot.id, fence: 3, outcome: "deferred", reason: "credits are used up" }),
  ]);
});

test("a slot that another run has taken meanwhile is said to be that run's", async () => {
  expect(
    await serveSlot(
      stoppedTick(async () => false),
      job,
    ),
  ).toMatchObject({
    outcome: "deferred",
    cause: "fence-lost",
    reason: "another run took this slot",
  });
});
