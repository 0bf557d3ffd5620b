import type { TickState } from "../ports.ts";
import type { DueSlot } from "./plan.ts";

/**
 * The order in which slots are served: first the client that posted least recently, so that while one waits every other
 * posts at most once. By the age of the slot a client with many slots a day would never come up: its newest is always new.
 */
export function orderFairly(due: readonly DueSlot[], state: TickState): DueSlot[] {
  return due
    .map((slot) => ({ slot, servedMs: lastServedMs(slot, state) }))
    .sort((one, other) => one.servedMs - other.servedMs || byPlan(one.slot, other.slot))
    .map(({ slot }) => slot);
}

/** A rehearsal never posts: as if served when its slot fell due, it waits for others as they wait for it. */
function lastServedMs({ slot, client }: DueSlot, state: TickState): number {
  if (client.status === "rehearsal") return slot.plannedAt.getTime();
  return state.clients.get(client.id)?.lastSentAt?.getTime() ?? 0;
}

function byPlan({ slot: one }: DueSlot, { slot: other }: DueSlot): number {
  return one.plannedAt.getTime() - other.plannedAt.getTime() || (one.id < other.id ? -1 : 1);
}
