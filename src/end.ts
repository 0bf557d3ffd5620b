import type { ModelSigns } from "./post/publish.ts";
import { reportUnstored, storeOutcome } from "./post/store-outcome.ts";
import type { SlotResult } from "./record/report.ts";
import type { Job } from "./serve.ts";
import type { Cause, Draft, Outcome, Usage } from "./terms.ts";
import { slotResult, type Tick } from "./tick.ts";

/** How a slot ends for which nothing was sent. */
export interface Unsent {
  outcome: Outcome;
  reason: string;
  cause: Cause;
  draft?: Draft;
  spent?: { usd: number; usage: Usage };
  models?: ModelSigns;
  /** True when this was its client's turn, though nothing came of it. */
  ownTurn?: boolean;
}

/** Ends the slot without a send, in the ledger and in the report, which says no more than what the ledger took. */
export async function endUnsent(
  tick: Tick,
  { slot, claim }: Pick<Job, "slot" | "claim">,
  ended: Unsent,
): Promise<SlotResult> {
  const { services, run } = tick;
  const { spent, models, ownTurn = false, ...said } = ended;
  const { outcome, reason } = said;
  const input = { run: run.id, slot: slot.id, fence: claim.fence, now: services.clock(), outcome, reason, xUsd: 0 };
  const stored = await storeOutcome({ ...input, ...models, ownTurn }, services);
  const unstored = {
    ...(stored === "failed" && reportUnstored(stored, { ...said, sent: false })),
    ...(stored === "fence-lost" && lost),
  };
  return slotResult(tick, slot, { ...said, ...unstored, ...(spent && { costUsd: spent.usd, usage: spent.usage }) });
}

const lost = { outcome: "deferred", reason: "another run took this slot", cause: "fence-lost" } as const;
