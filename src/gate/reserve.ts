import { Temporal } from "temporal-polyfill";
import type { Claim, RefusedSlot, ReserveInput, ReserveSlot } from "../ports.ts";
import type { Client, Defaults } from "../terms.ts";
import type { WorstCase } from "./cost.ts";

/** What the ledger must hold before anything is spent on these slots, in the order in which they are served. */
export function reservation(input: {
  run: string;
  now: Date;
  slots: readonly { claim: Claim; client: Client; cost: WorstCase }[];
  /** Claimed slots that cannot be worked on go back in the same call. */
  refused?: readonly RefusedSlot[];
  global: Defaults["global"];
}): ReserveInput {
  const { run, now, slots, refused = [], global } = input;
  return {
    run,
    now,
    slots: [...refused, ...slots.map(({ claim, client, cost }) => reserveSlot(claim, client, cost, now))],
    global: { ...global, ...periodsOf(now, "UTC") },
  };
}

/** A stored draft is used as it is, so it holds no model money; a rehearsal is never sent, so it holds no post. */
function reserveSlot(claim: Claim, client: Client, cost: WorstCase, now: Date): ReserveSlot {
  const sends = client.status === "active";
  const writes = claim.draft === undefined;
  return {
    slot: claim.slot,
    fence: claim.fence,
    client: client.id,
    ...periodsOf(now, client.timezone),
    dayEndsAt: dayEnd(now, client.timezone),
    posts: sends ? 1 : 0,
    completions: writes ? cost.completions : 0,
    modelUsd: writes ? cost.modelUsd : 0,
    xUsd: sends ? cost.xUsd : 0,
    limits: client.limits,
  };
}

/** The first instant of the next local day, which is not always 24 hours after the first of this one. */
function dayEnd(instant: Date, timezone: string): Date {
  const local = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timezone);
  return new Date(local.add({ days: 1 }).startOfDay().epochMilliseconds);
}

/** The day and month that an instant belongs to in a zone: budgets are counted in these. */
function periodsOf(instant: Date, timezone: string): { day: string; month: string } {
  const date = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timezone).toPlainDate();
  return { day: date.toString(), month: date.toPlainYearMonth().toString() };
}
