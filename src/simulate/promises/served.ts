import type { Slot } from "../../terms.ts";
import { leaseSeconds } from "../../tick.ts";
import type { Evidence } from "../evidence.ts";
import { isHindered, type Journal } from "../journal.ts";

type JournaledRun = Journal["runs"][number];

/** A run that begins this close to the end of a window need not have a text in time. */
const servingMs = 180_000;

/**
 * The first run that ended well, could have served a slot before an instant, and had nothing in its way; undefined when
 * every one had. Without it a product that never serves anybody would be in the right: all its slots are late in the end.
 */
export function idleRun(slot: Slot, before: Date, evidence: Evidence): JournaledRun | undefined {
  const { journal } = evidence;
  return journal.runs.find(
    (run) =>
      run.ended === "done" &&
      run.startedAt >= slot.plannedAt &&
      run.startedAt.getTime() < before.getTime() - servingMs &&
      !isHindered(journal, run.id, slot.client) &&
      !isElsewhere(slot, run, evidence) &&
      !isTooSoon(slot, run, evidence) &&
      newerSlot(slot, run.startedAt, evidence) === undefined,
  );
}

/** Whether anything went wrong for a client in one run, or at any time up to an instant. */
export function wasHindered({ journal }: Evidence, client: string, where: string | Date): boolean {
  if (typeof where === "string") return isHindered(journal, where, client);
  return journal.runs.some(({ id, startedAt }) => startedAt <= where && isHindered(journal, id, client));
}

/** A slot of the same client that is due too: then that one is served. */
export function newerSlot({ client, plannedAt }: Slot, at: Date, { owed }: Evidence): Slot | undefined {
  return owed.find((other) => other.client === client && other.plannedAt > plannedAt && other.plannedAt <= at);
}

/** Another run has taken a slot of the client, and its lease still runs. */
function isElsewhere({ client }: Slot, { id, startedAt }: JournaledRun, { journal }: Evidence): boolean {
  return journal.claimed.some(
    (claim) => claim.client === client && claim.run !== id && isWithin(claim.claimedAt, startedAt, leaseSeconds),
  );
}

/** The client's gap since its last send is not over. */
function isTooSoon({ client }: Slot, { startedAt }: JournaledRun, { clients, intents }: Evidence): boolean {
  const gapSeconds = clients.get(client)?.schedule.minGapSeconds ?? 0;
  return intents.some(
    (intent) =>
      intent.client === client && intent.armedAt <= startedAt && isWithin(intent.armedAt, startedAt, gapSeconds),
  );
}

function isWithin(one: Date, other: Date, seconds: number): boolean {
  return Math.abs(other.getTime() - one.getTime()) <= seconds * 1000;
}
