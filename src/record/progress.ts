import { count, money } from "./format.ts";
import { likeness } from "./not-posted.ts";
import { watchRepeats } from "./repeats.ts";
import type { SlotResult } from "./report.ts";
import { signs } from "./verdict.ts";
import { printable, shortened } from "./visible.ts";

/** A slot is taken up, or has ended with `result`. `done` counts the slots that have ended, out of `total`. */
export interface ProgressEvent {
  slot: string;
  done: number;
  total: number;
  result?: Pick<SlotResult, "outcome" | "cause" | "reason" | "costUsd">;
}

const maxGraphemes = 200;

/** One line per event: `[3/48] ✅ acme/2026-11-21T09:00 posted, $0.0153`. */
export function progressLine(event: ProgressEvent): string {
  return printable(shortened(`[${count(event.done)}/${count(event.total)}] ${news(event)}`, maxGraphemes));
}

/**
 * The same line, or undefined for a slot that ended like several before it: what holds back a thousand slots is told a
 * few times, and the summary counts the rest.
 */
export function openProgress(): (event: ProgressEvent) => string | undefined {
  const repeat = watchRepeats();
  return (event) => {
    const alike = event.result && likeness(event.result);
    const told = alike === undefined ? "new" : repeat(alike);
    if (told === "again") return undefined;
    return `${progressLine(event)}${told === "last" ? "; others like it are only counted" : ""}`;
  };
}

function news({ slot, result }: ProgressEvent): string {
  if (result === undefined) return `▶ ${slot} started`;
  const reason = result.reason === undefined ? "" : `: ${result.reason}`;
  const cost = result.costUsd > 0 ? `, ${money(result.costUsd)}` : "";
  return `${signs[result.outcome]} ${slot} ${result.outcome}${cost}${reason}`;
}
