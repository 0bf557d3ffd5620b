import type { Slot } from "../../terms.ts";
import type { Evidence } from "../evidence.ts";
import type { SlotRow } from "../ledger-rows.ts";
import { idleRun, newerSlot, wasHindered } from "./served.ts";
import type { Check } from "./verdict.ts";

/**
 * 2. Every slot that the schedules owe has ended or waits, for a reason that what was seen bears out, and the ledger says
 * posted where X has the post.
 */
export const checkNotLost: Check = (evidence) => {
  const { owed, ahead, slots, posts } = evidence;
  const isPublic = new Set(posts.flatMap(({ slot }) => slot ?? []));
  const scheduled = new Set([...owed, ...ahead].map(({ id }) => id));
  const broken = owed.flatMap((slot) =>
    problemOf(slot, isPublic.has(slot.id), evidence).map((problem) => `${slot.id} ${problem}`),
  );
  const nobodys = [...slots.keys()]
    .filter((id) => !scheduled.has(id))
    .map((id) => `${id} is in the ledger and in no schedule`);
  return { looked: "slots owed by the schedules", cases: owed.length, broken: [...broken, ...nobodys] };
};

function problemOf(slot: Slot, isPublic: boolean, evidence: Evidence): readonly string[] {
  const row = evidence.slots.get(slot.id);
  if (row === undefined) return ["is not in the ledger"];
  const { state, reason } = row;
  if (isPublic !== (state === "posted")) return [`is ${state}, and ${isPublic ? "there is a" : "no"} post on X`];
  if (state === "posted") return [];
  const borneOut = bearsOut[state];
  if (borneOut === undefined) return [`is still ${state}`];
  return reason === "" ? [`is ${state} without a reason`] : borneOut(slot, row, evidence);
}

/** What is wrong with a slot in this state: a reason in words proves nothing. */
const bearsOut: Readonly<Record<string, (slot: Slot, row: SlotRow, evidence: Evidence) => readonly string[]>> = {
  missed: (slot, row, evidence) => {
    const { changedAt } = row;
    const isTooLate = windowEnd(slot, evidence) < changedAt;
    if (!isTooLate && newerSlot(slot, changedAt, evidence) === undefined) return ["is missed, and was not too late"];
    return leftAlone(slot, changedAt, evidence);
  },
  waiting: (slot, row, evidence) => {
    const { lastTickAt } = evidence;
    const mayBeServed = windowEnd(slot, evidence) >= lastTickAt || isHeld(row, evidence);
    return mayBeServed ? leftAlone(slot, lastTickAt, evidence) : ["waits, although it is too late"];
  },
  skipped: ({ client }, { run }, evidence) =>
    wasHindered(evidence, client, run) ? [] : [`is skipped, and nothing was in its way in ${run}`],
  dead: ({ client }, { changedAt }, evidence) =>
    wasHindered(evidence, client, changedAt) ? [] : ["is a dead letter, and nothing was in its way"],
};

/** The last instant at which a slot is worth a post. */
function windowEnd({ client, plannedAt }: Slot, { clients }: Evidence): Date {
  const schedule = clients.get(client)?.schedule;
  if (schedule === undefined || schedule.lateThen === "post") return new Date(8.64e15);
  return new Date(plannedAt.getTime() + schedule.lateWithinSeconds * 1000);
}

/** A halt, a wait or a breaker stands at the end, and it is what the slot says that it waits for. */
function isHeld({ client, reason }: SlotRow, { standing, lastTickAt }: Evidence): boolean {
  return standing.some(
    ({ scope, until, reason: why }) =>
      (scope === client || scope.startsWith("*")) &&
      (until === undefined || until > lastTickAt) &&
      reason.includes(why),
  );
}

function leftAlone(slot: Slot, until: Date, evidence: Evidence): readonly string[] {
  const run = idleRun(slot, new Date(Math.min(until.getTime(), windowEnd(slot, evidence).getTime())), evidence);
  return run === undefined ? [] : [`was left alone by ${run.id}, and nothing was in its way`];
}
