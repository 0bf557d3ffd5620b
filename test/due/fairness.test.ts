import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ledgerBook } from "../contracts/ledger-fairness.ts";
import { stepsOf } from "../contracts/ledger-steps.ts";
import { embeddedLedgers } from "../support/ledger.ts";
import { exampleClient } from "./examples.ts";
import { modelBook } from "./fairness-model.ts";
import { dense, mostTurnsOfOthers, play, someClients, someTicks, type Turn } from "./fairness-play.ts";

/** Nobody is passed over twice by the same client; answers with how many turns of others the clients waited for. */
function expectFair(turns: readonly Turn[], clients: readonly { id: string }[]): number {
  const most = clients.map(({ id }) => mostTurnsOfOthers(turns, id));
  for (const [index, { id }] of clients.entries()) {
    expect(most[index], `turns of others while ${id} waited`).toBeLessThanOrEqual(1);
  }
  return most.reduce((sum, turnsOfOthers) => sum + turnsOfOthers, 0);
}

test("while a client is due and waits, no other has more than one turn, however turns end", async () => {
  let waited = 0;
  await fc.assert(
    fc.asyncProperty(someClients, someTicks(35), async (clients, ticks) => {
      waited += expectFair(await play(clients, ticks, modelBook()), clients);
    }),
    { numRuns: 100 },
  );
  expect(waited, "clients that waited for others").toBeGreaterThan(60);
});

describe("in the ledger, under a cap on all clients together", () => {
  const open = embeddedLedgers();

  test("it is the same, turn by turn", async () => {
    let waited = 0;
    await fc.assert(
      fc.asyncProperty(someClients, someTicks(25), async (clients, ticks) => {
        const turns = await play(clients, ticks, ledgerBook(stepsOf(await open())));
        waited += expectFair(turns, clients);
        expect(turns).toEqual(await play(clients, ticks, modelBook()));
      }),
      // A counterexample is shrunk by the test above, in memory.
      { numRuns: 12, endOnFailure: true },
    );
    expect(waited, "clients that waited for others").toBeGreaterThan(6);
  });

  test("a client without credentials takes the only place once, and then the other client's turn comes", async () => {
    const clients = ["acme", "beta"].map((id) => exampleClient({ times: ["00:00"] }, { id, timezone: "UTC" }));
    const ticks = Array.from({ length: 5 }, () => ({
      afterMinutes: 5,
      room: 1,
      endings: ["without credentials" as const],
      isStopped: false,
    }));
    const turns = await play(clients, ticks, ledgerBook(stepsOf(await open())));
    expect(turns.map(({ served }) => served)).toEqual([["acme"], ["beta"], ["acme"], ["beta"], ["acme"]]);
  });
});

test("with room for one in a tick, a client with a slot every 15 minutes posts as often as those with a few", async () => {
  const schedule = { minGapSeconds: 0, lateWithinSeconds: 86_400 };
  const clients = [
    exampleClient({ ...schedule, times: dense }, { id: "dense", timezone: "UTC" }),
    ...[1, 2, 3].map((n) =>
      exampleClient(
        { ...schedule, times: dense.filter((_, quarter) => quarter % 3 === n % 3) },
        { id: `rare-${n}`, timezone: "UTC" },
      ),
    ),
  ];
  const tick = { afterMinutes: 15, room: 1, endings: ["posted" as const], isStopped: false };
  const turns = await play(clients, Array(40).fill(tick), modelBook());
  const posts = turns.flatMap(({ served }) => served).filter((id) => id === "dense");
  expect(posts.length).toBeGreaterThanOrEqual(10);
});
