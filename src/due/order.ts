import type { TickState } from "../ports.ts";
import type { DueSlot } from "./plan.ts";

/**
 * The order in which slots are served: first the client whose last turn is longest ago, so that while one waits every other
 * has one turn at most. By the age of the slot a client with many slots a day would never come up: its newest is always new.
 */
export function orderFairly(due: readonly DueSlot[], { clients }: TickState): DueSlot[] {
  const lastTurnMs = ({ client }: DueSlot) => clients.get(client.id)?.lastTurnAt?.getTime() ?? 0;
  return due.toSorted((one, other) => lastTurnMs(one) - lastTurnMs(other) || byPlan(one, other));
}

function byPlan({ slot: one }: DueSlot, { slot: other }: DueSlot): number {
  return one.plannedAt.getTime() - other.plannedAt.getTime() || (one.id < other.id ? -1 : 1);
}
