import type { Breaker } from "../ports.ts";
import type { Held } from "./hold.ts";
import type { DeferredSlot, DueSlot } from "./plan.ts";

interface Staged {
  due: readonly DueSlot[];
  deferred: readonly DeferredSlot[];
}

/**
 * Keeps back what would go to a service that failed in a row. Where one slot is to be tried, it is the first in order whose
 * client did not fail itself; the ledger lets no second one through, whatever runs beside this one.
 */
export function stageRecovery(
  due: readonly DueSlot[],
  drafted: ReadonlySet<string>,
  breakers: readonly Breaker[],
): Staged {
  if (breakers.length === 0) return { due, deferred: [] };
  const needs = (slot: DueSlot) => breakers.filter((breaker) => isNeeded(breaker, slot, drafted));
  let free = due.filter((slot) => needs(slot).every(({ state }) => state === "half-open"));
  for (const breaker of breakers) {
    const tried = firstToTry(
      breaker,
      free.filter((slot) => needs(slot).includes(breaker)),
    );
    // Whoever is left may be tried for the next breaker too: two that each try another slot would try none.
    free = free.filter((slot) => slot === tried || !needs(slot).includes(breaker));
  }
  const kept = due.filter((slot) => !free.includes(slot));
  return { due: free, deferred: kept.map((slot) => ({ slot: slot.slot, ...whyHeldBack(needs(slot)), report: true })) };
}

/** Why a run that planned to try a slot did not get it: another run is trying one. */
export function whyTried(due: DueSlot, breakers: readonly Breaker[]): Held | undefined {
  const breaker = breakers.find(({ scope, state }) => state === "half-open" && (scope !== "x" || needsX(due)));
  return breaker && { reason: breaker.reason, cause: "backing-off" };
}

/** A rehearsal never comes to X: it neither waits for it nor proves anything there. */
export function needsX({ client }: DueSlot): boolean {
  return client.status === "active";
}

/** A stored text needs no model. */
function isNeeded({ scope }: Breaker, due: DueSlot, drafted: ReadonlySet<string>): boolean {
  return scope === "x" ? needsX(due) : !drafted.has(due.slot.id);
}

/** A client that failed itself may fail for itself alone. */
function firstToTry({ clients }: Breaker, due: readonly DueSlot[]): DueSlot | undefined {
  return due.find(({ client }) => !clients.includes(client.id)) ?? due[0];
}

function whyHeldBack(needs: readonly Breaker[]): Held {
  const breaker = needs.find(({ state }) => state !== "half-open") ?? needs[0];
  return { reason: breaker?.reason ?? "one post is tried first", cause: "backing-off" };
}
