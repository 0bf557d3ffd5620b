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
  const needs = (slot: DueSlot) => breakers.filter((breaker) => isNeeded(breaker, drafted.has(slot.slot.id)));
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
export function whyTried(breakers: readonly Breaker[]): Held | undefined {
  const breaker = breakers.find(({ state }) => state === "half-open");
  return breaker && { reason: breaker.reason, cause: "backing-off" };
}

/** A stored text needs no model. */
function isNeeded({ scope }: Breaker, isDrafted: boolean): boolean {
  return scope === "x" || !isDrafted;
}

/** A rehearsal never comes to X, so it proves nothing there; a client that failed itself may fail for itself alone. */
function firstToTry({ scope, clients }: Breaker, due: readonly DueSlot[]): DueSlot | undefined {
  const proving = due.filter(({ client }) => scope === "model" || client.status === "active");
  return proving.find(({ client }) => !clients.includes(client.id)) ?? proving[0];
}

function whyHeldBack(needs: readonly Breaker[]): Held {
  const breaker = needs.find(({ state }) => state !== "half-open") ?? needs[0];
  return { reason: breaker?.reason ?? "one post is tried first", cause: "backing-off" };
}
