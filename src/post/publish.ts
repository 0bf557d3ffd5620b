import { PostingError } from "../errors.ts";
import type { Armed, Ledger, SendResult, Strike, XAccount } from "../ports.ts";
import type { Cause, Client, Draft, Outcome, Prices } from "../terms.ts";
import { type AccountProof, proveAccount } from "./account.ts";
import { type AfterSend, afterSend, notSent, type SendContext, waitsNamed, withoutShared } from "./outcome.ts";
import { openPaidReads, type PaidReads, type ReadPorts } from "./paid-reads.ts";
import { readTimeline, type TimelineRead } from "./read-timeline.ts";
import { storeOutcome } from "./store-outcome.ts";

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
  const proof = await proveAccount(input, { reads, account, prices });
  if (!proof.proven) {
    return finish(input, ports, { after: unsent(proof.failed, context), reads, sent: context.resend });
  }
  // The place is taken before the intent is stored: nothing may stand between the intent and the send.
  const sent = await ports.outside(() => armAndSend(input, ports, context));
  if ("unsent" in sent) return finish(input, ports, { after: sent.unsent, reads, sent: context.resend });
  const { result } = sent;
  const after = afterSend(result, context);
  const postId = result.kind === "duplicate" && resend !== undefined ? await findId(input, ports, resend) : undefined;
  const found = postId !== undefined && { ...waitsNamed(result, context), outcome: "posted" as const, postId };
  return finish(input, ports, { after: found ? { ...found, xCharged: true } : after, reads, sent: true });
}

async function armAndSend(
  input: PublishInput,
  ports: PostPorts,
  context: SendContext,
): Promise<{ result: SendResult } | { unsent: AfterSend }> {
  const armedAt = ports.clock();
  const refused = await arm(input, ports);
  if (refused !== undefined) return { unsent: unsent(refused, context) };
  const still = stoodStill(armedAt, ports);
  if (still !== undefined) return { unsent: notSent(context, { reason: still, cause: "unavailable" }) };
  return { result: await sendOnce(input, ports.account) };
}

/** The price of one post on X: https://docs.x.com/x-api/getting-started/pricing */
export function postUsd(draft: Pick<Draft, "hasLink">, { x }: Pick<Prices, "x">): number {
  return draft.hasLink ? x.postWithUrlUsd : x.postUsd;
}

/** Without a second send the slot stays where it was, among those whose first send is unclear, and says nothing of others. */
function unsent(after: AfterSend, { resend }: SendContext): AfterSend {
  if (!resend) return after;
  return withoutShared(after.outcome === "deferred" ? { ...after, outcome: "unknown", notLeft: true } : after);
}

/** Stores the intent; undefined means that the text may leave now. A ledger that does not answer means no. */
async function arm(
  { slot, fence, fingerprint, client }: PublishInput,
  ports: PostPorts,
): Promise<AfterSend | undefined> {
  const { ledger, run, clock, leaseSeconds } = ports;
  const account = { fingerprint, xUserId: client.xUserId };
  try {
    const armed = await ledger.armSlot({ run, slot, fence, now: clock(), leaseSeconds, account });
    return armed.armed ? undefined : afterArmRefusal(armed);
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    const reason = `nothing was sent, for the ledger did not take the intent: ${error.message}`;
    return { outcome: "deferred", reason, cause: "unavailable", xCharged: false };
  }
}

function afterArmRefusal({ why, reason }: Extract<Armed, { armed: false }>): AfterSend {
  // The text may have left in a run that died: only the timeline can tell, so the slot goes to those to be settled.
  const outcome = why === "sent-twice" ? "unknown" : "deferred";
  return { outcome, reason, cause: why, xCharged: false };
}

/**
 * A machine that slept after the intent was stored may wake when the lease is over and another run has settled the slot:
 * then this text must not leave any more.
 */
function stoodStill(armedAt: Date, { clock, leaseSeconds }: PostPorts): string | undefined {
  const seconds = (clock().getTime() - armedAt.getTime()) / 1000;
  if (seconds < leaseSeconds / 2) return undefined;
  return `nothing was sent: this machine stood still for ${Math.round(seconds)} s`;
}

/** After the intent is stored, whatever breaks may have broken behind the send. */
async function sendOnce({ draft, client }: PublishInput, account: XAccount): Promise<SendResult> {
  try {
    // A fallback text was written by a person.
    return await account.send({ text: draft.text, madeWithAi: client.madeWithAi && draft.source === "model" });
  } catch (error) {
    const name = error instanceof Error ? error.name : "no error";
    return { kind: "unknown", reason: `the send broke off (${name})`, windows: [] };
  }
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
  if (stored === "stored") return result;
  const why = stored === "failed" ? "the ledger did not take the outcome" : "another run took this slot meanwhile";
  const unstored = sent ? { outcome: "unknown" as const, cause: "outcome-unknown" as const } : {};
  return {
    ...result,
    ...unstored,
    reason: `${why}; it was: ${[outcome, postId ?? reason].filter(Boolean).join(", ")}`,
  };
}
