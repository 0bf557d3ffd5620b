import type { ClientState, OpenSlot, TickState } from "../ports.ts";
import type { Cause, Client } from "../terms.ts";
import { inWords } from "./duration.ts";

/** Why a slot waits, in words for the summary and as a code. */
export interface Held {
  reason: string;
  cause: Cause;
}

/** Why no other slot of a client may start: one of its slots is at work or its send is unsettled. */
export function whyBusy(open: readonly OpenSlot[], unsettled: ReadonlySet<string>, now: Date): Held | undefined {
  if (open.some((slot) => isLeased(slot, now) && !unsettled.has(slot.id))) {
    return { reason: "another run is working on this client", cause: "spacing" };
  }
  if (open.every((slot) => isWaiting(slot, unsettled, now))) return undefined;
  return { reason: "an earlier send is not settled yet", cause: "spacing" };
}

/** Owed and free to be taken: nobody holds its lease and its send has not left. */
export function isWaiting(slot: OpenSlot, unsettled: ReadonlySet<string>, now: Date): boolean {
  if (unsettled.has(slot.id)) return false;
  return slot.state === "waiting" || (slot.state === "claimed" && !isLeased(slot, now));
}

/** Why the client's due slot waits for a later tick; undefined when it may be served now. */
export function whyHeld(client: Client, state: TickState, now: Date): Held | undefined {
  if (state.halted !== undefined) return { reason: `everything is halted: ${state.halted}`, cause: "halted" };
  const known = state.clients.get(client.id);
  if (known?.halted !== undefined) return { reason: `this client is halted: ${known.halted}`, cause: "halted" };
  if (known?.backoff !== undefined && known.backoff.until > now) {
    return { reason: known.backoff.reason, cause: "backing-off" };
  }
  return whyTooSoon(client.schedule.minGapSeconds, known, now);
}

function isLeased(slot: OpenSlot, now: Date): boolean {
  return slot.state === "claimed" && slot.leaseUntil !== undefined && slot.leaseUntil > now;
}

function whyTooSoon(minGapSeconds: number, known: ClientState | undefined, now: Date): Held | undefined {
  if (known?.lastSentAt === undefined) return undefined;
  const agoSeconds = (now.getTime() - known.lastSentAt.getTime()) / 1000;
  if (agoSeconds >= minGapSeconds) return undefined;
  const ago = inWords(agoSeconds, Math.floor);
  const reason = `min_gap: the last post was ${ago} ago, the gap is ${inWords(minGapSeconds, Math.ceil)}`;
  return { reason, cause: "spacing" };
}
