import type { OutcomeInput, SendResult, Strike } from "../ports.ts";
import type { Cause, Outcome } from "../terms.ts";
import { namedWaits, whyWait } from "./named-waits.ts";
import {
  accountStrikes,
  appStrike,
  blockedStrikes,
  credentialStrikes,
  creditStrike,
  downStrike,
  duplicateStrike,
  unnamedStrikes,
  unreachableStrike,
  unsettledStrike,
} from "./strikes.ts";

/** What the answer to a send means for the slot, its client and the tick. */
export interface AfterSend {
  outcome: Outcome;
  reason?: string;
  cause?: Cause;
  postId?: string;
  /** Who is left alone by later ticks, until an instant that X has named. */
  backoff?: NonNullable<OutcomeInput["backoff"]>;
  /** Failures that the ledger counts, and by which it decides who is left alone. */
  strikes?: readonly Strike[];
  /** True when nothing that this run sent can have become a post; an earlier send of the slot may have. */
  notLeft?: true;
  /** True when X gave no clear answer to a read: then nothing tells an X that is down from trouble with one account. */
  unread?: true;
  /** Who is not served any more in this tick. */
  stop?: "client" | "all";
  /** Whether X takes the price of a post, as far as is known. */
  xCharged: boolean;
}

export interface SendContext {
  /** True when an earlier send of the same text had no clear answer. */
  resend: boolean;
  /** True when the app is the client's own: what X says of that app concerns no other client. */
  ownApp?: boolean | undefined;
  now: Date;
}

/** What the answer means, and the waits that X's headers name beside it. */
export function afterSend(result: SendResult, context: SendContext): AfterSend {
  const { strikes: named = [], ...wait } = waitsNamed(result, context);
  const { strikes: counted = [], ...after } = afterAnswer(result, context);
  const strikes = [...counted, ...named];
  return { ...after, ...wait, ...(strikes.length > 0 && { strikes }) };
}

/** Until when X's headers, and a 429, keep whom away. */
export function waitsNamed(result: SendResult, { ownApp, now }: SendContext): Pick<AfterSend, "backoff" | "strikes"> {
  const { windows } = result;
  const refused = result.kind === "rate-limited" ? [{ scope: result.scope, remaining: 0, resetAt: result.until }] : [];
  const known = [...windows, ...refused];
  return namedWaits(ownApp ? known.map((window) => ({ ...window, scope: "client" as const })) : known, now);
}

/**
 * Leaves out what counts only where several clients agree: whoever is asked again and again would speak for the others. A read
 * without an answer is paid for, so it counts against the client itself, and the next one waits.
 */
export function withoutShared({ strikes = [], ...after }: AfterSend): AfterSend {
  const kept = strikes.filter(({ severalClients }) => !severalClients);
  const own = after.unread ? [...kept, unsettledStrike(after.reason ?? "no reason given")] : kept;
  return { ...after, ...(own.length > 0 && { strikes: own }) };
}

/** One rule per answer of X. A kind without a rule does not compile. */
function afterAnswer(result: SendResult, context: SendContext): AfterSend {
  switch (result.kind) {
    case "created":
      return { outcome: "posted", postId: result.postId, xCharged: true };
    case "duplicate":
      return afterDuplicate(result.reason, context);
    case "rejected":
      return afterRejection(result, context);
    case "rate-limited": {
      const stop = context.ownApp ? "client" : result.scope;
      return notSent(context, { reason: whyWait(result.until), cause: "rate-limited", stop });
    }
    case "out-of-credit": {
      const { scope, stop, whose } = appOf(context);
      const reason = `${result.reason}: buy credits in X's developer console${whose}`;
      return notSent(context, { reason, cause: "out-of-credit", strikes: [creditStrike(reason, scope)], stop });
    }
    case "unsent":
      return notSent(context, {
        reason: result.reason,
        cause: "unavailable",
        strikes: [unreachableStrike(result.reason)],
      });
    case "blocked":
      return afterBlock(result.reason, context);
    case "unknown": {
      const { reason, isDown } = result;
      const strikes = isDown && { strikes: [downStrike(reason)] };
      return { outcome: "unknown", reason, cause: "outcome-unknown", ...strikes, xCharged: false };
    }
  }
}

/** Whom the app stands for. */
function appOf({ ownApp }: SendContext) {
  return ownApp
    ? ({ scope: "client", stop: "client", whose: ", for the client's own app" } as const)
    : ({ scope: "x", stop: "all", whose: "" } as const);
}

/** After an unclear send, "duplicate" is the proof that it arrived. On a first send somebody else posted this text. */
function afterDuplicate(reason: string, { resend }: SendContext): AfterSend {
  if (resend) {
    return { outcome: "posted", reason: "X says this text is already posted; its id is not known", xCharged: true };
  }
  const act = "this account posted the same text before: look at the account, then change the prompt or topics";
  const strikes = [duplicateStrike(`${reason}: see what else posts on this account`)];
  const said = `${reason}; ${act}`;
  return { outcome: "dead", reason: said, cause: "content", strikes, stop: "client", xCharged: false };
}

/**
 * Mostly X never saw the text, but what stands between may also keep back the answer to one that X took. So the account is
 * read before it is sent again; a block behind those reads counts as no send, for a block that lasts must not end the slot.
 */
function afterBlock(said: string, context: SendContext): AfterSend {
  const reason = `${said}: see what stands between this machine and X, and whether X shuts its address out`;
  const strikes = blockedStrikes(reason);
  if (context.resend) return notSent(context, { reason, cause: "unavailable", strikes });
  return { outcome: "unknown", reason, cause: "outcome-unknown", strikes, xCharged: false };
}

function afterRejection(result: Extract<SendResult, { kind: "rejected" }>, context: SendContext): AfterSend {
  const { concerns, reason: said } = result;
  switch (concerns) {
    case "content":
      return { outcome: "dead", reason: `${said}; X does not take this text`, cause: "content", xCharged: false };
    case "unnamed": {
      const act = "see whether the account is locked or has reached its daily limit, else change the prompt or topics";
      const strikes = unnamedStrikes(`${said}: ${act}`);
      const reason = `${said}; X does not take this text: ${act}`;
      return { outcome: "dead", reason, cause: "content", strikes, xCharged: false };
    }
    case "credential": {
      const reason = `${said}: check that the client's token is still valid, and seal a new one if not`;
      return notSent(context, { reason, cause: "credentials", strikes: credentialStrikes(reason), stop: "client" });
    }
    case "account": {
      const reason = `${said}: see to the account on X, or to the app's right to write and then to a new token`;
      const strikes = accountStrikes(reason);
      return { outcome: "dead", reason, cause: "account", strikes, stop: "client", xCharged: false };
    }
    case "app": {
      const { scope, stop, whose } = appOf(context);
      const reason = `${said}: check the app's project and plan in X's developer console${whose}`;
      return notSent(context, { reason, cause: "config", strikes: [appStrike(reason, scope)], stop });
    }
  }
}

/**
 * The text did not leave. A first send waits for a later tick; behind an unclear one the question remains whether that
 * one arrived, so the slot stays with those to be settled.
 */
export function notSent(
  { resend }: Pick<SendContext, "resend">,
  what: Pick<AfterSend, "reason" | "cause" | "strikes" | "stop">,
): AfterSend {
  return { outcome: resend ? "unknown" : "deferred", ...what, ...(resend && { notLeft: true }), xCharged: false };
}
