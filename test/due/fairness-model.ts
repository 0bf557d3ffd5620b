import type { DueSlot } from "../../src/due/plan.ts";
import type { ClientState, OpenSlot } from "../../src/ports.ts";
import { type Book, type Ending, restMs } from "./fairness-play.ts";

/** What the ledger keeps of slots and turns, in memory. A test holds it against the ledger. */
export function modelBook(): Book {
  const waiting = new Map<string, OpenSlot>();
  const clients = new Map<string, ClientState>();
  const change = (id: string, fields: Partial<ClientState>) =>
    clients.set(id, { accounts: new Map(), ...clients.get(id), ...fields });
  return {
    read: async () => ({ clients: new Map(clients), open: [...waiting.values()], unsettled: [] }),
    keep: async (plan, { now, room, isStopped, ending }) => {
      for (const { slot } of plan.closed) waiting.delete(slot.id);
      for (const { slot } of [...plan.deferred, ...plan.due]) waiting.set(slot.id, { ...slot, state: "waiting" });
      for (const id of plan.planned) change(id, { plannedUntil: now });
      const hadRoom = plan.due.slice(0, room);
      if (isStopped) return hadRoom;
      for (const [n, due] of hadRoom.entries()) {
        const ended = ending(due, n);
        if (isOver(ended)) waiting.delete(due.slot.id);
        change(due.client.id, turnOf(ended, due, now));
      }
      return hadRoom;
    },
  };
}

function isOver(ending: Ending): boolean {
  return ending === "posted" || ending === "skipped" || ending === "dead";
}

/** Every ending is the client's turn; only a post counts for min_gap. */
function turnOf(ending: Ending, { client }: DueSlot, now: Date): Partial<ClientState> {
  const backoff = { until: new Date(now.getTime() + restMs), reason: `X has no room for ${client.id}` };
  return {
    lastTurnAt: now,
    ...(ending === "posted" && { lastSentAt: now }),
    ...(ending === "out of requests" && { backoff }),
  };
}
