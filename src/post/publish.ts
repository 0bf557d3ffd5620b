import type { Ledger, Strike, XAccount } from "../ports.ts";
import type { Cause, Client, Draft, Outcome, Prices } from "../terms.ts";
import { type AccountProof, proveAccount } from "./account.ts";
import { armAndSend, tooLate } from "./arm-and-send.ts";
import { type AfterSend, afterSend, type SendContext, waitsNamed, withoutShared } from "./outcome.ts";
import { openPaidReads, type PaidReads, type ReadPorts } from "./paid-reads.ts";
import { readTimeline, type TimelineRead } from "./read-timeline.ts";
import { reportUnstored, storeOutcome } from "./store-outcome.ts";

export interface PostPorts extends ReadPorts {
  ledger: Pick<Ledger, "countRead" | "armSlot" | "recordOutcome">;
  account: XAccount;
  prices: Pick<Prices, "x">;
  /** Id of this run. */
  run: string;
  leaseSeconds: number;
  sleep(milliseconds: number): Promise<void>;
  /** Runs the send when there is a place for it. */
  outside<T>(work: () => Promise<T>): Promise<T>;
  /** Why the slot is missed at an instant; asked until the send. Absent for a second send, which settling has judged. */
  whyMissed?(at: Date): string | undefined;
}

export interface PublishInput extends AccountProof {
  slot: string;
  fence: number;
  draft: Draft;
  client: Pick<Client, "id" | "xUserId" | "madeWithAi" | "limits">;
  /** What writing the text has shown of the models. */
  models?: ModelSigns;
}

/** What the ledger is told of the models, with the outcome of a slot for which they were asked. */
export interface ModelSigns {
  strikes?: readonly Strike[];
  modelAnswered?: boolean;
}

/** What became of a slot, ready for the summary. */
export interface PostResult {
  slot: string;
  outcome: Outcome;
  reason?: string;
  cause?: Cause;
  postId?: string;
  /** What X charged for this slot in this tick, as far as is known. */
  costUsd: number;
  /** Who is not to be served any more in this tick. */
  stop?: "client" | "all";
}

/** A second send of the same text, after an unclear first one. */
export interface Resend extends Pick<TimelineRead, "since" | "find"> {
  /** What settling has read so far. */
  reads: PaidReads;
}

/** Proves the account, stores the intent, sends the text once, and stores what came of it. Never sends twice. */
export async function publishDraft(input: PublishInput, ports: PostPorts, resend?: Resend): Promise<PostResult> {
  const { account, prices } = ports;
  const reads = resend?.reads ?? openPaidReads({ ...input, keepUsd: postUsd(input.draft, prices) }, ports);
  const context = { resend: resend !== undefined, ownApp: input.ownApp, now: ports.clock() };
  const end = (after: AfterSend, sent = true) =>
    finish(input, ports, { after: behindUnclear(after, context), reads, sent });
  // A second send that did not leave says nothing of others.
  const endUnsent = (after: AfterSend) => end(context.resend ? withoutShared(after) : after, context.resend);
  // No proof of the account is bought for a slot that is missed.
  const late = tooLate(ports);
  if (late !== undefined) return endUnsent(late);
  const proof = await proveAccount(input, { reads, account, prices });
  if (!proof.proven) return endUnsent(proof.failed);
  // The place is taken before the intent is stored: nothing may stand between the intent and the send.
  const sent = await ports.outside(() => armAndSend(input, ports, context));
  if ("unsent" in sent) return endUnsent(sent.unsent);
  const { result } = sent;
  const after = afterSend(result, context);
  const postId = result.kind === "duplicate" && resend !== undefined ? await findId(input, ports, resend) : undefined;
  const found = postId !== undefined && { ...waitsNamed(result, context), outcome: "posted" as const, postId };
  return end(found ? { ...found, xCharged: true } : after);
}

/** The price of one post on X: https://docs.x.com/x-api/getting-started/pricing */
export function postUsd(draft: Pick<Draft, "hasLink">, { x }: Pick<Prices, "x">): number {
  return draft.hasLink ? x.postWithUrlUsd : x.postUsd;
}

/**
 * Behind an unclear first send. Where this one did not leave, the slot stays among those to be settled; where it ends the
 * slot, the first may still show, and be charged for: a text that may have left counts as paid for.
 */
function behindUnclear(after: AfterSend, { resend }: SendContext): AfterSend {
  if (!resend) return after;
  if (after.outcome === "deferred") return { ...after, outcome: "unknown", notLeft: true };
  return after.outcome === "dead" ? { ...after, xCharged: true } : after;
}

async function findId({ client }: PublishInput, ports: PostPorts, { reads, since, find }: Resend) {
  const read = await readTimeline({ xUserId: client.xUserId, since, find }, { ...ports, reads });
  return "failed" in read ? undefined : read.found?.id;
}

interface Ending {
  after: AfterSend;
  reads: PaidReads;
  /** True when the text may have left, in this call or in an earlier tick. */
  sent: boolean;
}

/** Stores the outcome and says it; what could not be stored is unknown to later ticks, so it is called unknown here. */
export async function finish(
  { slot, fence, draft, models }: Pick<PublishInput, "slot" | "fence" | "draft" | "models">,
  ports: Pick<PostPorts, "run" | "clock" | "sleep" | "prices"> & { ledger: Pick<Ledger, "recordOutcome"> },
  { after, reads, sent }: Ending,
): Promise<PostResult> {
  const { outcome, reason, cause, postId, backoff, stop, notLeft } = after;
  const chargedUsd = after.xCharged ? postUsd(draft, ports.prices) : 0;
  const costUsd = reads.costUsd() + chargedUsd;
  const strikes = [...(after.strikes ?? []), ...(models?.strikes ?? [])];
  const said = {
    outcome,
    ...(reason !== undefined && { reason }),
    ...(postId !== undefined && { postId }),
  };
  const record = {
    run: ports.run,
    slot,
    fence,
    now: ports.clock(),
    ...said,
    // The slot stays unknown for a send before. Nothing left now, so no send must count as one that may have: neither this
    // one nor an earlier one that X refused.
    ...(notLeft && { outcome: "deferred" as const }),
    xUsd: reads.uncountedUsd(chargedUsd),
    ...(backoff && { backoff }),
    ...(strikes.length > 0 && { strikes }),
    ...(models?.modelAnswered && { modelAnswered: true }),
  };
  const stored = cause === "fence-lost" ? "stored" : await storeOutcome(record, ports);
  const result = { slot, ...said, ...(cause && { cause }), costUsd, ...(stop && { stop }) };
  return stored === "stored" ? result : { ...result, ...reportUnstored(stored, { ...result, sent }) };
}
