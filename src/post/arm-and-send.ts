import { PostingError } from "../errors.ts";
import type { Armed, SendResult, XAccount } from "../ports.ts";
import { type AfterSend, notSent, type SendContext } from "./outcome.ts";
import type { PostPorts, PublishInput } from "./publish.ts";

/** Stores the intent and sends the text once, or says what keeps it from leaving. The caller has waited for its place. */
export async function armAndSend(
  input: PublishInput,
  ports: PostPorts,
  context: SendContext,
): Promise<{ result: SendResult } | { unsent: AfterSend }> {
  const armedAt = ports.clock();
  const kept = tooLate(ports) ?? (await arm(input, ports)) ?? stoodStill({ armedAt, context }, ports) ?? tooLate(ports);
  return kept === undefined ? { result: await sendOnce(input, ports.account) } : { unsent: kept };
}

/** The slot's window is over: it is missed, however near it came to its post. */
export function tooLate({ whyMissed, clock }: Pick<PostPorts, "whyMissed" | "clock">): AfterSend | undefined {
  const reason = whyMissed?.(clock());
  return reason === undefined ? undefined : { outcome: "missed", reason, cause: "too-late", xCharged: false };
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
function stoodStill(
  { armedAt, context }: { armedAt: Date; context: SendContext },
  { clock, leaseSeconds }: PostPorts,
): AfterSend | undefined {
  const seconds = (clock().getTime() - armedAt.getTime()) / 1000;
  if (seconds < leaseSeconds / 2) return undefined;
  const reason = `nothing was sent: this machine stood still for ${Math.round(seconds)} s`;
  return notSent(context, { reason, cause: "unavailable" });
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
