import type { Levers } from "../../src/levers.ts";
import { at, type LedgerUnderTest } from "../support/ledger.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

export type OpenLevers = () => Promise<LedgerUnderTest & { levers: Levers }>;

/** Gives the levers and the steps of runs over one ledger with empty tables. */
export type Begin = () => Promise<{ levers: Levers; steps: Steps }>;

export function beginning(open: OpenLevers): Begin {
  return async () => {
    const { levers, ...ledger } = await open();
    return { levers, steps: stepsOf(ledger) };
  };
}

export const slot = "acme/2026-11-21T09:00";

/** A run whose only send X refused, and which has left a report or died before. */
export async function refusedByX(
  steps: Steps,
  step: { client?: string; cause?: string; now?: Date } = {},
): Promise<void> {
  const { cause, ...mine } = step;
  const id = `${mine.client ?? "acme"}/2026-11-21T09:00`;
  await steps.openTick({ run: "run-1" });
  await steps.send(`a text of ${id}`, mine);
  await steps.record("dead", { ...mine, reason: "X does not take it" });
  if (cause !== undefined) await close(steps, "run-1", [{ slot: "other/1" }, { slot: id, cause }]);
}

export async function close({ ledger }: Steps, run: string, slots: unknown): Promise<void> {
  await ledger.closeTick({ run, now: at(5), report: { slots } });
}
