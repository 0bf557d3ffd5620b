import { expect, test } from "vitest";
import { xFaults } from "../../src/sandbox/x-faults.ts";
import { openSettling } from "./settle-scene.ts";

/** The first send of these slots had no answer: X may show its text, and charge for it, however the slot ends. */
test.for([
  { when: "X suspends the account", fault: xFaults.suspended, known: "1001", cause: "account" },
  { when: "X refuses the text", fault: xFaults.invalidRequest, known: "1001", cause: "content" },
  { when: "the credential is another account's", fault: undefined, known: "666", cause: "wrong-account" },
])("a dead letter behind an unclear send counts as paid for when $when", async ({ fault, known, cause }) => {
  const { settle, clock, ledger } = await openSettling(({ method }) => (method === "POST" ? fault : undefined));
  await settle();
  clock.advance(60);
  const knownAccounts = new Map([["print", known]]);
  expect(await settle({ knownAccounts })).toMatchObject({ outcome: "dead", cause, costUsd: 0.2 });
  // The $0.025 that were counted for a read that found nothing are taken back.
  expect(ledger.outcomes).toMatchObject([{ outcome: "dead", xUsd: 0.175 }]);
});
