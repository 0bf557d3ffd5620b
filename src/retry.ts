import { planDue } from "./due/plan.ts";
import type { DeadLetter } from "./levers.ts";
import type { OpenSlot, TickState } from "./ports.ts";
import { counted } from "./record/format.ts";
import type { Client, Workspace } from "./terms.ts";

/** Whether a retry takes a slot, and why not; `note` says what happens then. */
export type RetryVerdict = { retry: true; note: string } | { retry: false; why: string };

/**
 * Judges dead letters as the next tick would judge them if all of them were owed again: one that would be missed or
 * skipped at once is not worth a retry. Whether a text may have reached X comes first; the ledger asks that again.
 */
export function retryVerdicts(
  letters: readonly DeadLetter[],
  situation: { workspace: Workspace; state: TickState; now: Date },
): ReadonlyMap<string, RetryVerdict> {
  const safe = letters.filter((letter) => whyUnsafe(letter) === undefined);
  const next = fates(safe, situation);
  return new Map(letters.map((letter) => [letter.slot, verdict(letter, situation.workspace, next)]));
}

function verdict(letter: DeadLetter, { clients, broken }: Workspace, next: Fates): RetryVerdict {
  const unsafe = whyUnsafe(letter);
  if (unsafe !== undefined) return { retry: false, why: unsafe };
  if (broken.has(letter.client)) {
    return { retry: false, why: `clients/${letter.client}.yaml has an error: mend it first` };
  }
  const closed = next.closed.get(letter.slot);
  if (closed !== undefined) return { retry: false, why: `it would not be posted any more: ${closed}` };
  const deferred = next.deferred.get(letter.slot);
  const client = clients.find(({ id }) => id === letter.client);
  const sentences = [
    deferred === undefined ? "the next tick takes it" : `it waits: ${deferred}`,
    latest(letter, client),
  ];
  return { retry: true, note: sentences.filter(Boolean).join("; ") };
}

function whyUnsafe({ state, hasPost, mayHaveLeft }: DeadLetter): string | undefined {
  if (state === "posted" || hasPost) return "it is posted already";
  if (state !== "dead") return `it is no dead letter: the ledger has it as ${state}`;
  if (mayHaveLeft === 0) return undefined;
  return `its text may have reached X (${counted(mayHaveLeft, "send")} without a clear answer): another send could post it twice`;
}

/** Reasons of the next tick by slot. */
interface Fates {
  closed: ReadonlyMap<string, string>;
  deferred: ReadonlyMap<string, string>;
}

/** The rules of the tick itself decide. What holds a client's other slots ends by itself, so they are looked at as waiting. */
function fates(
  safe: readonly DeadLetter[],
  { workspace, state, now }: { workspace: Workspace; state: TickState; now: Date },
): Fates {
  const owed = safe.map(({ slot, client, plannedAt }): OpenSlot => ({ id: slot, client, plannedAt, state: "waiting" }));
  const waiting = state.open.filter((slot) => slot.state === "waiting");
  const { closed, deferred } = planDue({ ...workspace, state: { ...state, open: [...owed, ...waiting] }, now });
  return {
    closed: new Map(closed.map(({ slot, reason }) => [slot.id, reason])),
    deferred: new Map(deferred.map(({ slot, reason }) => [slot.id, reason])),
  };
}

function latest({ plannedAt }: DeadLetter, client: Client | undefined): string {
  if (client === undefined || client.schedule.lateThen === "post") return "";
  const latestAt = new Date(plannedAt.getTime() + client.schedule.lateWithinSeconds * 1000);
  return `after ${latestAt.toISOString().slice(0, 16).replace("T", " ")} UTC it is missed`;
}
