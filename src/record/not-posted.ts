import type { Cause, Outcome } from "../terms.ts";
import { count, counted, firstOf } from "./format.ts";
import type { RunReport, SlotReport } from "./report.ts";
import { wouldHavePosted } from "./report.ts";

/** Slots that did not become posts for one cause: one line of the summary. */
export interface NotPosted {
  outcome: Outcome;
  /** The commonest ones with their counts, when the slots have several. */
  reason: string;
  nextAction: string;
  slots: readonly SlotReport[];
}

/** The gravest first. */
const order = ["dead", "unknown", "missed", "deferred", "skipped"] as const satisfies readonly Outcome[];

/** Somebody may have to look at each of these on X, so every one is named, on as many lines as that takes. */
const namedInFull: ReadonlySet<Outcome> = new Set(["dead", "unknown"]);
const namesPerLine = 40;

/** Names of slots before `and 9 more`, where nobody has to look at each. */
const maxNames = 5;

/** Far more than an id has; what a damaged ledger holds may have any length. */
const nameLength = 120;

/** What befalls a service, or everybody at once: the reasons differ in instants and in the words of an answer only. */
const serviceWide: ReadonlySet<Cause> = new Set([
  "out-of-credit",
  "unavailable",
  "halted",
  "backing-off",
  "stopped",
  "rate-limited",
]);

/** Their reasons name the minutes of each slot: a few are worth a line each, after an outage they are all one. */
const measured: ReadonlySet<Cause> = new Set(["too-late", "spacing"]);

/** Lines that a measured cause may take, and reasons that one line gives. */
const few = 3;

/** Of each reason where a line gives several: together they stay as short as a single one may be. */
const reasonLength = 75;

/** Every slot without a post, but for completed rehearsals; those with one cause stand together. */
export function groupNotPosted({ slots }: RunReport): readonly NotPosted[] {
  const left = slots.filter((slot) => slot.outcome !== "posted" && !wouldHavePosted(slot));
  return order.flatMap((outcome) => {
    const byCause = Map.groupBy(
      left.filter((slot) => slot.outcome === outcome),
      ({ cause }) => cause,
    );
    const groups = [...byCause].flatMap(([cause, alike]) => splitByReason(outcome, cause, alike));
    return groups.map((group) => toNotPosted(outcome, group));
  });
}

/** Equal for slots that one cause kept from posting; undefined where every slot is told by itself. */
export function likeness({ outcome, cause, reason }: Pick<SlotReport, "outcome" | "cause" | "reason">) {
  if (outcome === "posted" || cause === "rehearsal" || namedInFull.has(outcome)) return undefined;
  const isOne = cause !== undefined && (serviceWide.has(cause) || measured.has(cause));
  return JSON.stringify(isOne ? [outcome, cause] : [outcome, cause, reason]);
}

/** `12 slots of 9 clients: a/1, b/1 and 10 more`; one slot is only named. */
export function whichSlots({ outcome, slots }: NotPosted): string {
  const [first] = slots;
  if (first !== undefined && slots.length === 1) return first.slot;
  const names = slots.map(({ slot }) => cut(slot, nameLength));
  const clients = new Set(slots.map(({ client }) => client));
  const shown = firstOf(names, namedInFull.has(outcome) ? namesPerLine : maxNames);
  return `${counted(slots.length, "slot")} of ${counted(clients.size, "client")}: ${shown}`;
}

function splitByReason(outcome: Outcome, cause: Cause | undefined, slots: readonly SlotReport[]): SlotReport[][] {
  const exact = [...Map.groupBy(slots, ({ reason }) => reason).values()];
  if (namedInFull.has(outcome)) return exact.flatMap(inLines);
  if (cause === undefined) return exact;
  const isOne = serviceWide.has(cause) || (measured.has(cause) && exact.length > few);
  return isOne ? [[...slots]] : exact;
}

function inLines(slots: readonly SlotReport[]): SlotReport[][] {
  const lines = Math.ceil(slots.length / namesPerLine);
  return Array.from({ length: lines }, (_, line) => slots.slice(line * namesPerLine, (line + 1) * namesPerLine));
}

function toNotPosted(outcome: Outcome, slots: readonly SlotReport[]): NotPosted {
  return { outcome, reason: reasonOf(slots), nextAction: slots[0]?.nextAction ?? "", slots };
}

/** `X answered 503 (950 slots); X answered 502 (50 slots)`, the commonest first. */
function reasonOf(slots: readonly SlotReport[]): string {
  const byReason = Map.groupBy(slots, ({ reason }) => reason ?? "no reason given");
  const commonest = [...byReason].sort(([, one], [, other]) => other.length - one.length);
  const [[only] = [""]] = commonest;
  if (commonest.length === 1) return only;
  const rest = commonest.length - few;
  const shown = commonest
    .slice(0, few)
    .map(([reason, { length }]) => `${cut(reason, reasonLength)} (${counted(length, "slot")})`);
  return `${shown.join("; ")}${rest > 0 ? ` and ${count(rest)} other ${rest === 1 ? "reason" : "reasons"}` : ""}`;
}

/** Not escaped: that is done once, where the words are written. */
function cut(words: string, length: number): string {
  return words.length <= length ? words : `${words.slice(0, length)}…`;
}
