import { PostingError } from "./errors.ts";
import type { TickState, UnsettledSlot } from "./ports.ts";
import { postUsd } from "./post/publish.ts";
import { settleSlot } from "./post/settle-slot.ts";
import type { SlotResult } from "./record/report.ts";
import { leaseSeconds, slotResult, type Tick } from "./tick.ts";

/** Sends without an answer from earlier ticks. One that cannot be looked at now stays leased until a later tick. */
export async function settleSend(tick: Tick, slot: UnsettledSlot, state: TickState): Promise<SlotResult> {
  const { services, workspace, run } = tick;
  const { global } = workspace.defaults;
  const client = tick.clients.get(slot.client);
  if (client === undefined) return settleWithoutClient(tick, slot);
  const open = state.breakers?.filter((breaker) => breaker.scope === "x" && breaker.state === "open") ?? [];
  // What X would not answer is not asked: a read whose answer is lost costs as much as one that tells. A breaker that several
  // clients opened is about what they sent, and reads go on.
  const silent = open.find(({ clients }) => clients.length === 0);
  if (silent !== undefined) {
    const { reason } = silent;
    return slotResult(tick, slot, { outcome: "unknown", reason, cause: "backing-off", draft: slot.draft });
  }
  try {
    const { account, fingerprint } = await (await services.openClient(client)).x();
    const knownAccounts = state.clients.get(client.id)?.accounts ?? new Map();
    const result = await settleSlot(
      { slot, client, fingerprint, knownAccounts, ...(open[0] && { resting: open[0].reason }) },
      // It has a place already.
      { ...services, account, prices: workspace.prices, global, run: run.id, leaseSeconds, outside: (work) => work() },
    );
    if (result.stop === "all") tick.stop.abort(result.reason ?? "X answers for no client");
    return slotResult(tick, slot, { ...result, draft: slot.draft });
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    return slotResult(tick, slot, { outcome: "unknown", reason: error.message, cause: error.kind, draft: slot.draft });
  }
}

/** Without its file nobody can read the account: a person must look. A file with an error may be mended, so it waits. */
async function settleWithoutClient(tick: Tick, slot: UnsettledSlot): Promise<SlotResult> {
  const { services, workspace, run } = tick;
  if (workspace.broken.has(slot.client)) {
    const reason = `clients/${slot.client}.yaml has an error, so its send cannot be settled`;
    return slotResult(tick, slot, { outcome: "unknown", reason, cause: "config", draft: slot.draft });
  }
  const reason =
    "the client's file was removed while a send was unsettled: look at the account whether the text is there";
  const { id, fence } = slot;
  const costUsd = postUsd(slot.draft, workspace.prices);
  await services.ledger.recordOutcome({
    run: run.id,
    slot: id,
    fence,
    now: services.clock(),
    outcome: "dead",
    reason,
    xUsd: costUsd,
  });
  return slotResult(tick, slot, { outcome: "dead", reason, cause: "sent-twice", draft: slot.draft, costUsd });
}
