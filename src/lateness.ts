import { inWords } from "./due/duration.ts";
import type { Schedule, Slot } from "./terms.ts";

type Planned = Pick<Slot, "plannedAt">;
type Late = Pick<Schedule, "lateWithinSeconds" | "lateThen">;

/** The last instant at which a slot may go out; undefined where its client lets it go out however late. */
export function latestAt({ plannedAt }: Planned, { lateWithinSeconds, lateThen }: Late): Date | undefined {
  return lateThen === "skip" ? new Date(plannedAt.getTime() + lateWithinSeconds * 1000) : undefined;
}

/**
 * Why a slot is missed at an instant, in the words of the plan; undefined while it may go out. The plan judges it first, but
 * in a large tick minutes pass between the plan and the send.
 */
export function whyMissed(slot: Planned, late: Late, at: Date): string | undefined {
  const latest = latestAt(slot, late);
  if (latest === undefined || at <= latest) return undefined;
  const lateSeconds = (at.getTime() - slot.plannedAt.getTime()) / 1000;
  return `${inWords(lateSeconds, Math.ceil)} late, the limit is ${inWords(late.lateWithinSeconds, Math.ceil)}`;
}
