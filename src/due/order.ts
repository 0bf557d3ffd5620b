import type { TickState } from "../ports.ts";
import type { DueSlot } from "./plan.ts";

/** The order in which slots are served: the longest waiting first, then the client that posted least recently. */
export function orderFairly(due: readonly DueSlot[], state: TickState): DueSlot[] {
  const lastSentMs = ({ client }: DueSlot) => state.clients.get(client.id)?.lastSentAt?.getTime() ?? 0;
  return [...due].sort(
    (one, other) =>
      one.slot.plannedAt.getTime() - other.slot.plannedAt.getTime() ||
      lastSentMs(one) - lastSentMs(other) ||
      (one.slot.id < other.slot.id ? -1 : 1),
  );
}
