import { createHash } from "node:crypto";
import { PostingError } from "./errors.ts";
import type { TickState, UnsettledSlot } from "./ports.ts";
import { postUsd } from "./post/publish.ts";
import { isGivenUp, unreadable } from "./post/settle.ts";
import { settleSlot } from "./post/settle-slot.ts";
import { reportUnstored, storeOutcome } from "./post/store-outcome.ts";
import type { SlotResult } from "./record/report.ts";
import { leaseSeconds, type Served, serveEach, slotResult, type Tick } from "./tick.ts";

/** So many sends are asked about first, each of another client. While X answers for none of them, it is not asked about the others. */
const scouts = 3;

/**
 * Sends without an answer from earlier ticks. A read that fails counts against its own client alone, so it is this that spares an X
 * that is down: a lost answer costs as much as one that tells.
 */
export async function settleSends(tick: Tick, state: TickState): Promise<Served> {
  const now = tick.services.clock();
  const slots = inTurn(state.unsettled, tick.run.id);
  const rests = (slot: UnsettledSlot) => whyResting(slot, state, now) !== undefined;
  const asked = slots.filter((slot) => !rests(slot));
  const unread = new Set<string>();
  const first = await serveEach(tick, asked.slice(0, scouts), (slot, outside) =>
    outside(() => settleSend(tick, slot, state, unread)),
  );
  const rest = await serveEach(tick, asked.slice(scouts), (slot, outside) =>
    unread.size < scouts ? outside(() => settleSend(tick, slot, state)) : leaveUnasked(tick, slot),
  );
  const left = await serveEach(tick, slots.filter(rests), (slot) => settleSend(tick, slot, state));
  return joined([first, rest, left]);
}

function joined(served: readonly Served[]): Served {
  return { results: served.flatMap(({ results }) => results), bugs: served.reduce((sum, { bugs }) => sum + bugs, 0) };
}

/**
 * Why X is not asked about a send for now: its client waits, perhaps because an earlier read had no answer and was paid for. The
 * wait keeps no send from being given up. One that was absent twice needs only the second send, which has to wait.
 */
function whyResting(slot: UnsettledSlot, state: TickState, now: Date): string | undefined {
  return isGivenUp(slot, now) && slot.absentReads < 2 ? undefined : whyWaiting(slot, state, now);
}

function whyWaiting({ client }: UnsettledSlot, state: TickState, now: Date): string | undefined {
  const backoff = state.clients.get(client)?.backoff;
  return backoff !== undefined && backoff.until > now ? backoff.reason : undefined;
}

/** Another one begins in each run: else the same few accounts that cannot be read would keep the others from being settled. */
function inTurn(slots: readonly UnsettledSlot[], run: string): readonly UnsettledSlot[] {
  const begin = createHash("sha256").update(run).digest().readUInt32BE() % slots.length;
  return [...slots.slice(begin), ...slots.slice(0, begin)];
}

async function leaveUnasked(tick: Tick, slot: UnsettledSlot): Promise<SlotResult> {
  const reason = `X gave no clear answer about ${scouts} other sends, so it was not asked about this one`;
  return slotResult(tick, slot, { outcome: "unknown", reason, cause: "unavailable", draft: slot.draft });
}

/** One that cannot be looked at now stays leased until a later tick. `unread` gets the slot for which X gave no clear answer. */
export async function settleSend(
  tick: Tick,
  slot: UnsettledSlot,
  state: TickState,
  unread = new Set<string>(),
): Promise<SlotResult> {
  const { services, workspace, run, stop } = tick;
  if (stop.signal.aborted) {
    const reason = String(stop.signal.reason);
    return slotResult(tick, slot, { outcome: "unknown", reason, cause: "stopped", draft: slot.draft });
  }
  const { global } = workspace.defaults;
  const client = tick.clients.get(slot.client);
  if (client === undefined) return settleWithoutClient(tick, slot);
  const open = state.breakers?.filter((breaker) => breaker.scope === "x" && breaker.state === "open") ?? [];
  // What X would not answer is not asked: a read whose answer is lost costs as much as one that tells. A breaker that several
  // clients opened is about what they sent, and reads go on.
  const silent = open.find(({ clients }) => clients.length === 0);
  const reason = silent?.reason ?? whyResting(slot, state, services.clock());
  if (reason !== undefined) {
    return slotResult(tick, slot, { outcome: "unknown", reason, cause: "backing-off", draft: slot.draft });
  }
  try {
    const { account, fingerprint, ownApp } = await (await services.openClient(client)).x();
    const knownAccounts = state.clients.get(client.id)?.accounts ?? new Map();
    const resting = open[0]?.reason ?? whyWaiting(slot, state, services.clock());
    const { unread: isUnread, ...result } = await settleSlot(
      { slot, client, fingerprint, ownApp, knownAccounts, ...(resting !== undefined && { resting }) },
      // It has a place already.
      { ...services, account, prices: workspace.prices, global, run: run.id, leaseSeconds, outside: (work) => work() },
    );
    if (isUnread) unread.add(slot.id);
    if (result.stop === "all") tick.stop.abort(result.reason ?? "X answers for no client");
    return slotResult(tick, slot, { ...result, draft: slot.draft });
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    const decision = unreadable({ slot, now: services.clock() }, error.message);
    if (decision.kind === "dead") return endDead(tick, slot, decision.reason);
    return slotResult(tick, slot, { outcome: "unknown", reason: error.message, cause: error.kind, draft: slot.draft });
  }
}

/** Without its file nobody can read the account: a person must look. A file with an error may be mended, so it waits. */
async function settleWithoutClient(tick: Tick, slot: UnsettledSlot): Promise<SlotResult> {
  if (tick.workspace.broken.has(slot.client)) {
    const reason = `clients/${slot.client}.yaml has an error, so its send cannot be settled`;
    return slotResult(tick, slot, { outcome: "unknown", reason, cause: "config", draft: slot.draft });
  }
  const reason =
    "the client's file was removed while a send was unsettled: look at the account whether the text is there";
  return endDead(tick, slot, reason);
}

/** Without a read of the account. The text may have left, so it counts as paid for. */
async function endDead(tick: Tick, slot: UnsettledSlot, reason: string): Promise<SlotResult> {
  const { services, workspace, run } = tick;
  const { id, fence, draft } = slot;
  const costUsd = postUsd(draft, workspace.prices);
  const ended = { outcome: "dead", reason } as const;
  const record = { run: run.id, slot: id, fence, now: services.clock(), ...ended, xUsd: costUsd };
  const stored = await storeOutcome(record, services);
  const unstored = stored !== "stored" && reportUnstored(stored, { ...ended, sent: true });
  return slotResult(tick, slot, { ...ended, cause: "sent-twice", ...unstored, draft, costUsd });
}
