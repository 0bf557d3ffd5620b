import type { TimelinePost, UnsettledSlot } from "../ports.ts";
import type { Schedule } from "../terms.ts";
import { sameText } from "./same-text.ts";

/** X's clock and ours differ; a post may bear a time shortly before we stored the intent to send it. */
const clockSlackSeconds = 60;

/** After this the timeline no longer tells more than it did. */
const giveUpAfterHours = 24;

/** What to do about a send whose outcome is unknown. */
export type SettleDecision =
  | { kind: "posted"; postId: string }
  | { kind: "wait"; reason: string }
  | { kind: "resend" }
  | { kind: "missed"; reason: string }
  | { kind: "dead"; reason: string };

export interface SettleInput {
  slot: Pick<UnsettledSlot, "draft" | "plannedAt" | "armedAt" | "sends">;
  /** The slot's post among the account's since `timelineSince`, or why that could not be found out. */
  timeline: { found: TimelinePost | undefined } | { unreadable: string };
  /** Reads at least 60 s apart that did not show the post, this one included. */
  absentReads: number;
  now: Date;
  late: Pick<Schedule, "lateWithinSeconds" | "lateThen">;
}

/**
 * Since when to read the timeline. After a second send the first may show as well, and it is older than the last
 * intent; nothing of a slot leaves before its planned time.
 */
export function timelineSince({ plannedAt, armedAt, sends }: SettleInput["slot"]): Date {
  const earliest = sends >= 2 && plannedAt < armedAt ? plannedAt : armedAt;
  return new Date(earliest.getTime() - clockSlackSeconds * 1000);
}

/** The post of this slot, if the timeline shows it. */
export function findPost(slot: SettleInput["slot"], timeline: readonly TimelinePost[]): TimelinePost | undefined {
  const since = timelineSince(slot);
  return timeline.find((post) => post.createdAt >= since && sameText(post.text, slot.draft.text));
}

/** Decides by what the timeline shows. It never leads to a second post, and at worst a person has to look. */
export function settleDecision(input: SettleInput): SettleDecision {
  const { slot, timeline, absentReads, now } = input;
  if ("unreadable" in timeline) return unreadable(input, timeline.unreadable);
  if (timeline.found !== undefined) return { kind: "posted", postId: timeline.found.id };
  if (absentReads < 2) return { kind: "wait", reason: "the post is not on X so far; it is looked for once more" };
  if (slot.sends >= 2) {
    const reason = "sent twice, and not on X in two reads: look at the account, then post the text by hand or drop it";
    return { kind: "dead", reason };
  }
  return isTooLate(input, now)
    ? { kind: "missed", reason: "was not on X in two reads, and it is too late to send it again" }
    : { kind: "resend" };
}

/** Whether the send is so old that it is given up unless X tells of it now. */
export function isGivenUp({ armedAt }: Pick<UnsettledSlot, "armedAt">, now: Date): boolean {
  return now.getTime() - armedAt.getTime() > giveUpAfterHours * 3_600_000;
}

/** What to do where nothing can be learnt of the send. */
export function unreadable({ slot, now }: Pick<SettleInput, "slot" | "now">, why: string): SettleDecision {
  if (!isGivenUp(slot, now)) return { kind: "wait", reason: `not settled so far: ${why}` };
  const reason = `unclear for more than ${giveUpAfterHours} h (${why}): look at the account whether the text is there, then mend its access`;
  return { kind: "dead", reason };
}

function isTooLate({ slot, late }: SettleInput, now: Date): boolean {
  return late.lateThen === "skip" && now.getTime() - slot.plannedAt.getTime() > late.lateWithinSeconds * 1000;
}
