import type { OpenSlot, TickState, UnsettledSlot } from "../ports.ts";
import type { Client, Slot } from "../terms.ts";
import { inWords } from "./duration.ts";
import { type Held, isWaiting, whyBusy, whyHeld } from "./hold.ts";
import { orderFairly } from "./order.ts";
import { isScheduled, slotsBetween } from "./slots.ts";
import { stageRecovery } from "./stage.ts";
import { watermark, watermarksToMove } from "./watermark.ts";
import type { Zones } from "./zones.ts";

/** What becomes of every owed slot in this tick, due ones in fair order. A slot that is in no list stays with the run or send that holds it. */
export interface DuePlan {
  due: readonly DueSlot[];
  deferred: readonly DeferredSlot[];
  closed: readonly ClosedSlot[];
  /** Clients whose watermark moves up to now: their slots until then are all named here or in the ledger already. */
  planned: readonly string[];
}

export interface DueSlot {
  slot: Slot;
  client: Client;
  latenessSeconds: number;
}

/** `report` is false where waiting is nothing to tell a person about. The summary prints the reason unchanged. */
export interface DeferredSlot extends Held {
  slot: Slot;
  report: boolean;
}

export interface ClosedSlot {
  slot: Slot;
  outcome: "missed" | "skipped";
  reason: string;
}

type Fates = Pick<DuePlan, "due" | "deferred" | "closed">;

interface Moment {
  state: TickState;
  now: Date;
  unsettledIds: ReadonlySet<string>;
  unsettledByClient: ReadonlyMap<string, readonly UnsettledSlot[]>;
  zones: Zones | undefined;
}

/** Decides about every owed slot from the clients' files, the ledger's state and the clock, never from what woke the tick. */
export function planDue(input: {
  clients: readonly Client[];
  /** Clients whose file has an error: nothing of theirs is touched. */
  broken: ReadonlySet<string>;
  state: TickState;
  now: Date;
  /** What is known of time zones already. */
  zones?: Zones;
}): DuePlan {
  const { broken, state, now, zones } = input;
  const unsettledIds = new Set(state.unsettled.map(({ id }) => id));
  const unsettledByClient = Map.groupBy(state.unsettled, ({ client }) => client);
  const moment = { state, now, zones, unsettledIds, unsettledByClient };
  const clients = input.clients.filter(({ id }) => !broken.has(id));
  const known = new Set([...clients.map(({ id }) => id), ...broken]);
  const orphans = state.open.filter((slot) => !known.has(slot.client));
  const openByClient = Map.groupBy(state.open, ({ client }) => client);
  const fates = [
    ...clients.map((client) => planClient(client, openByClient.get(client.id) ?? [], moment)),
    closeWaiting(orphans, "the client's file was removed", moment),
  ];
  const ordered = orderFairly(
    fates.flatMap(({ due }) => due),
    state,
  );
  const drafted = new Set(state.open.flatMap((slot) => (slot.drafted ? [slot.id] : [])));
  const staged = stageRecovery(ordered, drafted, state.breakers ?? []);
  const deferred = [...fates.flatMap((fate) => fate.deferred), ...staged.deferred];
  const closed = fates.flatMap((fate) => fate.closed);
  const named = new Set([...staged.due, ...deferred, ...closed].map(({ slot }) => slot.client));
  const gone = [...state.clients].flatMap(([id, seen]) => (seen.plannedUntil && !known.has(id) ? [id] : []));
  return { due: staged.due, deferred, closed, planned: watermarksToMove(moment, { clients, gone, named }) };
}

function planClient(client: Client, open: readonly OpenSlot[], moment: Moment): Fates {
  if (client.status === "paused") return closeWaiting(open, "the client is paused", moment);
  const { now, unsettledIds, unsettledByClient } = moment;
  const gone = open.filter((slot) => !isScheduled(client, slot.id));
  const { closed } = closeWaiting(gone, "no longer in the schedule", moment);
  const owed = owedSlots(client, open, moment);
  const ready = owed.filter(({ plannedAt }) => plannedAt <= now);
  // Recorded although it is early, so that a later change of the jitter can't lose it.
  const early = owed
    .filter(({ plannedAt }) => plannedAt > now)
    .map((slot) => ({ slot, reason: "planned for a later minute", cause: "spacing" as const, report: false }));
  const busy = whyBusy([...open, ...sendsOf(unsettledByClient.get(client.id) ?? [])], unsettledIds, now);
  if (busy !== undefined) return { due: [], closed, deferred: [...early, ...defer(ready, busy)] };
  const fates = chooseOne(client, ready, moment);
  return { due: fates.due, closed: [...closed, ...fates.closed], deferred: [...early, ...fates.deferred] };
}

/** Waiting slots of the ledger that the schedule still has, with the instant stored there, and those new since the watermark. */
function owedSlots(client: Client, open: readonly OpenSlot[], moment: Moment): Slot[] {
  const { now, unsettledIds, zones } = moment;
  const taken = new Set([...open.map(({ id }) => id), ...unsettledIds]);
  const waiting = open.filter((slot) => isWaiting(slot, unsettledIds, now) && isScheduled(client, slot.id));
  const fresh = slotsBetween(client, watermark(client, moment), now, zones).filter(({ id }) => !taken.has(id));
  return [...waiting.map(toSlot), ...fresh];
}

/** At most the newest slot is served: after an outage a client gets one late post, and the rest are missed. */
function chooseOne(client: Client, ready: readonly Slot[], { state, now }: Moment): Fates {
  const { lateWithinSeconds, lateThen } = client.schedule;
  const isTooLate = (slot: Slot) => lateThen === "skip" && lateSeconds(slot, now) > lateWithinSeconds;
  const closed: ClosedSlot[] = ready.filter(isTooLate).map((slot) => {
    const late = inWords(lateSeconds(slot, now), Math.ceil);
    const reason = `${late} late, the limit is ${inWords(lateWithinSeconds, Math.ceil)}`;
    return { slot, outcome: "missed", reason };
  });
  const [newest, ...older] = ready.filter((slot) => !isTooLate(slot)).sort(newestFirst);
  if (newest === undefined) return { due: [], deferred: [], closed };
  for (const slot of older) closed.push({ slot, outcome: "missed", reason: "a newer slot of this client is due" });
  const held = whyHeld(client, state, now);
  if (held !== undefined) return { due: [], deferred: defer([newest], held), closed };
  const latenessSeconds = Math.floor(lateSeconds(newest, now));
  return { due: [{ slot: newest, client, latenessSeconds }], deferred: [], closed };
}

function closeWaiting(open: readonly OpenSlot[], reason: string, { now, unsettledIds }: Moment): Fates {
  const waiting = open.filter((slot) => isWaiting(slot, unsettledIds, now));
  const closed = waiting.map((slot) => ({ slot: toSlot(slot), outcome: "skipped" as const, reason }));
  return { due: [], deferred: [], closed };
}

function defer(slots: readonly Slot[], held: Held): DeferredSlot[] {
  return slots.map((slot) => ({ slot, ...held, report: true }));
}

/** The ledger may name an unsettled send without listing its slot among the open ones. */
function sendsOf(unsettled: readonly UnsettledSlot[]): OpenSlot[] {
  return unsettled.map((slot) => ({ ...toSlot(slot), state: "unknown" }));
}

function toSlot({ id, client, plannedAt }: Slot): Slot {
  return { id, client, plannedAt };
}

function lateSeconds(slot: Slot, now: Date): number {
  return (now.getTime() - slot.plannedAt.getTime()) / 1000;
}

function newestFirst(one: Slot, other: Slot): number {
  return other.plannedAt.getTime() - one.plannedAt.getTime() || (one.id < other.id ? 1 : -1);
}
