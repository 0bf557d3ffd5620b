import { PostingError } from "../errors.ts";
import type { Ledger, TimelinePost, UnsettledSlot } from "../ports.ts";
import type { Client } from "../terms.ts";
import type { AfterSend } from "./outcome.ts";
import { finish, type PostPorts, type PostResult, postUsd, publishDraft } from "./publish.ts";
import { readOrRule } from "./read-failure.ts";
import { findPost, type SettleDecision, settleDecision, timelineSince } from "./settle.ts";

export interface SettleSlotInput {
  slot: UnsettledSlot;
  client: Pick<Client, "id" | "xUserId" | "madeWithAi" | "status" | "schedule">;
  fingerprint: string;
  knownAccounts: ReadonlyMap<string, string>;
}

export interface SettlePorts extends PostPorts {
  ledger: Pick<Ledger, "armSlot" | "recordOutcome" | "recordAbsence">;
}

/** Finds out what became of a send without a clear answer, and sends the same text once more only if it is not there. */
export async function settleSlot(input: SettleSlotInput, ports: SettlePorts): Promise<PostResult> {
  const { slot } = input;
  const read = await readTimeline(slot, ports);
  const costUsd = read.posts.length * ports.prices.x.readPostUsd;
  const isAbsent = read.failed === undefined && findPost(slot, read.posts) === undefined;
  const absence = isAbsent ? await countAbsence(slot, costUsd, ports) : { reads: 0 };
  const failed = read.failed ?? absence.failed;
  const decision = settleDecision({
    slot,
    timeline: failed === undefined ? read.posts : { unreadable: failed.reason ?? "no reason given" },
    absentReads: absence.reads,
    now: ports.clock(),
    late: input.client.schedule,
  });
  // The ledger has ended the lease with the count, and a later tick reads again.
  if (decision.kind === "wait" && isAbsent && failed === undefined) return waiting(slot, decision.reason, costUsd);
  const refusal = decision.kind === "resend" ? resendRefusal(input) : undefined;
  const final = refusal ?? decision;
  if (final.kind === "resend") return resend(input, ports, costUsd);
  const ending = { after: afterDecision(final, failed), costUsd, sent: true };
  if (final.kind === "posted") ending.costUsd += postUsd(slot.draft, ports.prices);
  return finish({ slot: slot.id, fence: slot.fence }, ports, ending);
}

interface TimelineRead {
  posts: readonly TimelinePost[];
  failed?: AfterSend;
}

async function readTimeline(
  slot: UnsettledSlot,
  { account, clock }: Pick<SettlePorts, "account" | "clock">,
): Promise<TimelineRead> {
  const { xUserId } = slot;
  const read = await readOrRule(() => account.postsSince({ xUserId, since: timelineSince(slot) }), clock());
  return "failed" in read ? { posts: [], failed: read.failed } : { posts: read.value };
}

async function countAbsence(
  slot: UnsettledSlot,
  xUsd: number,
  { ledger, clock }: SettlePorts,
): Promise<{ reads: number; failed?: AfterSend }> {
  const { id, fence } = slot;
  try {
    return { reads: await ledger.recordAbsence({ slot: id, fence, now: clock(), xUsd }) };
  } catch (error) {
    // The ledger's trouble, not X's: it says nothing about the client.
    if (!(error instanceof PostingError)) throw error;
    return { reads: 0, failed: { outcome: "unknown", reason: error.message, xCharged: false } };
  }
}

function waiting(slot: UnsettledSlot, reason: string, costUsd: number): PostResult {
  return { slot: slot.id, outcome: "unknown", reason, cause: "outcome-unknown", costUsd };
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

function afterDecision(
  decision: Exclude<SettleDecision, { kind: "resend" }>,
  failed: AfterSend | undefined,
): AfterSend {
  switch (decision.kind) {
    case "posted":
      return { outcome: "posted", postId: decision.postId, xCharged: true };
    case "wait":
      return { ...failed, outcome: "unknown", reason: decision.reason, cause: "outcome-unknown", xCharged: false };
    case "missed":
      return { outcome: "missed", reason: decision.reason, cause: "too-late", xCharged: false };
    case "dead":
      return { outcome: "dead", reason: decision.reason, cause: "sent-twice", xCharged: false };
  }
}

function resend({ slot, ...rest }: SettleSlotInput, ports: SettlePorts, spentUsd: number): Promise<PostResult> {
  const input = { ...rest, slot: slot.id, fence: slot.fence, draft: slot.draft };
  const sentAgain = { ...slot, sends: slot.sends + 1 };
  const find = (timeline: readonly TimelinePost[]) => findPost(sentAgain, timeline);
  return publishDraft(input, ports, { spentUsd, since: timelineSince(sentAgain), find });
}
