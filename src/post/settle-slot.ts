import { PostingError } from "../errors.ts";
import type { Ledger, TimelinePost, UnsettledSlot } from "../ports.ts";
import type { Client } from "../terms.ts";
import { type AfterSend, withoutShared } from "./outcome.ts";
import { openPaidReads, type PaidReads } from "./paid-reads.ts";
import { finish, type PostPorts, type PostResult, postUsd, publishDraft } from "./publish.ts";
import { readTimeline } from "./read-timeline.ts";
import { findPost, type SettleDecision, settleDecision, timelineSince } from "./settle.ts";

export interface SettleSlotInput {
  slot: UnsettledSlot;
  client: Pick<Client, "id" | "xUserId" | "madeWithAi" | "limits" | "status" | "schedule">;
  fingerprint: string;
  ownApp?: boolean;
  knownAccounts: ReadonlyMap<string, string>;
  /** Why nothing is sent to X for now. */
  resting?: string;
}

export interface SettleResult extends PostResult {
  /** True when X gave no clear answer to the read. */
  unread?: true;
}

export interface SettlePorts extends PostPorts {
  ledger: Pick<Ledger, "countRead" | "armSlot" | "recordOutcome" | "recordAbsence">;
}

/** Finds out what became of a send without a clear answer, and sends the same text once more only if it is not there. */
export async function settleSlot(input: SettleSlotInput, ports: SettlePorts): Promise<SettleResult> {
  const { slot, client, ownApp = false } = input;
  const { id, fence, xUserId, draft } = slot;
  const reads = openPaidReads({ slot: id, fence, client, ownApp, keepUsd: postUsd(draft, ports.prices) }, ports);
  const find = (posts: readonly TimelinePost[]) => findPost(slot, posts);
  const read = await readTimeline({ xUserId, since: timelineSince(slot), find }, { ...ports, reads });
  const found = "found" in read ? read.found : undefined;
  const isAbsent = "found" in read && found === undefined;
  const absence = isAbsent ? await countAbsence(slot, reads, ports) : { reads: 0 };
  const failed = "failed" in read ? read.failed : absence.failed;
  const decision = settleDecision({
    slot,
    timeline: failed === undefined ? { found } : { unreadable: failed.reason ?? "no reason given" },
    absentReads: absence.reads,
    now: ports.clock(),
    late: client.schedule,
  });
  // The ledger has ended the lease with the count, and a later tick reads again.
  if (decision.kind === "wait" && isAbsent && failed === undefined) return waiting(slot, decision.reason, reads);
  const refusal = decision.kind === "resend" ? resendRefusal(input) : undefined;
  const final = refusal ?? decision;
  const end = (after: AfterSend) => finish({ slot: id, fence, draft }, ports, { after, reads, sent: true });
  if (final.kind !== "resend") {
    return { ...(await end(afterDecision(final, failed))), ...(failed?.unread && { unread: true }) };
  }
  return input.resting === undefined ? resend(input, ports, reads) : end(whileResting(input.resting));
}

async function countAbsence(
  { id, fence }: UnsettledSlot,
  reads: PaidReads,
  { ledger, clock }: SettlePorts,
): Promise<{ reads: number; failed?: AfterSend }> {
  try {
    return { reads: await ledger.recordAbsence({ slot: id, fence, now: clock(), xUsd: reads.uncountedUsd() }) };
  } catch (error) {
    // The ledger's trouble, not X's: it says nothing about the client.
    if (!(error instanceof PostingError)) throw error;
    return { reads: 0, failed: { outcome: "unknown", reason: error.message, xCharged: false } };
  }
}

function waiting(slot: UnsettledSlot, reason: string, reads: PaidReads): PostResult {
  return { slot: slot.id, outcome: "unknown", reason, cause: "outcome-unknown", costUsd: reads.costUsd() };
}

/** The ledger would refuse the intent; asked here, no proof of the account is bought that cannot be used. */
function whileResting(reason: string): AfterSend {
  return { ...unsettled, reason, cause: "backing-off" };
}

/** Why the text must not leave again although it is not on X. */
function resendRefusal({
  slot,
  client,
}: SettleSlotInput): Extract<SettleDecision, { kind: "missed" | "dead" }> | undefined {
  if (client.xUserId !== slot.xUserId) {
    const reason = `not on X in two reads, and ${client.id} has another x_user_id now (${client.xUserId}, before ${slot.xUserId}): post it by hand or drop it`;
    return { kind: "dead", reason };
  }
  if (client.status === "active") return undefined;
  return { kind: "missed", reason: `was not on X in two reads, and the client is ${client.status} now` };
}

/** A later tick looks again. */
const unsettled = { outcome: "unknown", cause: "outcome-unknown", notLeft: true, xCharged: false } as const;

/** A text that may have left counts as paid for, however it ends: X may show it, and charge for it, much later. */
function afterDecision(
  decision: Exclude<SettleDecision, { kind: "resend" }>,
  failed: AfterSend | undefined,
): AfterSend {
  switch (decision.kind) {
    case "posted":
      return { outcome: "posted", postId: decision.postId, xCharged: true };
    case "wait":
      // The same sends are read tick after tick, so what they cannot be read for must not keep others from posting.
      return { ...(failed && withoutShared(failed)), ...unsettled, reason: decision.reason };
    case "missed":
      return { outcome: "missed", reason: decision.reason, cause: "too-late", xCharged: true };
    case "dead":
      return { outcome: "dead", reason: decision.reason, cause: "sent-twice", xCharged: true };
  }
}

function resend({ slot, ...rest }: SettleSlotInput, ports: SettlePorts, reads: PaidReads): Promise<PostResult> {
  const input = { ...rest, slot: slot.id, fence: slot.fence, draft: slot.draft };
  const sentAgain = { ...slot, sends: slot.sends + 1 };
  const find = (timeline: readonly TimelinePost[]) => findPost(sentAgain, timeline);
  return publishDraft(input, ports, { reads, since: timelineSince(sentAgain), find });
}
