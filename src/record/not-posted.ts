import type { Outcome } from "../terms.ts";
import { counted } from "./format.ts";
import type { RunReport, SlotReport } from "./report.ts";
import { wouldHavePosted } from "./report.ts";

/** Slots that did not become posts for one and the same reason. */
export interface NotPosted {
  outcome: Outcome;
  reason: string;
  nextAction: string;
  slots: readonly SlotReport[];
}

/** The gravest first. */
const order = ["dead", "unknown", "missed", "deferred", "skipped"] as const satisfies readonly Outcome[];

/** A person looks at each of these by itself. */
const oneByOne: ReadonlySet<Outcome> = new Set(["dead", "unknown"]);

/** Every slot without a post, but for completed rehearsals; those with one cause stand together. */
export function groupNotPosted({ slots }: RunReport): readonly NotPosted[] {
  const left = slots.filter((slot) => slot.outcome !== "posted" && !wouldHavePosted(slot));
  return order.flatMap((outcome) => {
    const same = Map.groupBy(
      left.filter((slot) => slot.outcome === outcome),
      (slot) => JSON.stringify([slot.cause, slot.reason, oneByOne.has(outcome) && slot.slot]),
    );
    return [...same.values()].map((group) => toNotPosted(outcome, group));
  });
}

/** `12 slots of 9 clients`; one slot is named. */
export function whichSlots(slots: readonly SlotReport[]): string {
  const [only] = slots;
  if (only !== undefined && slots.length === 1) return only.slot;
  const clients = new Set(slots.map(({ client }) => client));
  return `${counted(slots.length, "slot")} of ${counted(clients.size, "client")}`;
}

function toNotPosted(outcome: Outcome, slots: readonly SlotReport[]): NotPosted {
  const first = slots[0];
  return { outcome, reason: first?.reason ?? "no reason given", nextAction: first?.nextAction ?? "", slots };
}
