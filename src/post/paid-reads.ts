import { PostingError } from "../errors.ts";
import type { BudgetLimits, Clock, CountReadInput, Ledger } from "../ports.ts";
import type { AfterSend } from "./outcome.ts";
import { afterReadFailure } from "./read-failure.ts";

/** What a read needs to know of the slot that it is made for. */
export interface ReadFor extends Pick<CountReadInput, "slot" | "fence" | "keepUsd"> {
  client: { limits: BudgetLimits };
  ownApp?: boolean;
}

export interface ReadPorts {
  ledger: Pick<Ledger, "countRead">;
  /** Budgets of all clients together. */
  global: BudgetLimits;
  clock: Clock;
}

export interface PaidRead<T> {
  /** Dollars that X takes at most. */
  atMostUsd: number;
  ask(): Promise<T>;
  /** Dollars that X took for this answer. */
  usd(answer: T): number;
}

/** The reads of X for one slot in one tick. */
export interface PaidReads {
  /** Asks X once the ledger has counted the price; `failed` says what a read that was not answered means for the slot. */
  read<T>(paid: PaidRead<T>): Promise<{ answer: T } | { failed: AfterSend }>;
  /** Dollars that X took, as far as is known. */
  costUsd(): number;
  /** Dollars that the next write has to count for the reads and a post: below zero when reads cost less than was counted. */
  uncountedUsd(postUsd?: number): number;
}

/**
 * Counts every read before it is asked for, since its answer, or this run, may be lost. A lost answer counts in full; X takes
 * nothing for one that it refuses: https://docs.x.com/x-api/fundamentals/post-cap
 */
export function openPaidReads({ client, ownApp, ...slot }: ReadFor, { ledger, global, clock }: ReadPorts): PaidReads {
  let costUsd = 0;
  let countedUsd = 0;
  const count = async (usd: number): Promise<AfterSend | undefined> => {
    try {
      const limits = { client: client.limits, global };
      const counted = await ledger.countRead({ ...slot, now: clock(), usd, limits });
      if (!counted.counted) return notAsked(counted.reason, counted.why);
    } catch (error) {
      if (!(error instanceof PostingError)) throw error;
      return notAsked(`X was not asked, for the ledger did not count the price: ${error.message}`, "unavailable");
    }
    countedUsd += usd;
    return undefined;
  };
  return {
    read: async ({ atMostUsd, ask, usd }) => {
      const failed = await count(atMostUsd);
      if (failed !== undefined) return { failed };
      try {
        const answer = await ask();
        costUsd += usd(answer);
        return { answer };
      } catch (error) {
        if (!(error instanceof PostingError)) throw error;
        if (error.kind === "outcome-unknown") costUsd += atMostUsd;
        return { failed: afterReadFailure(error, { now: clock(), ownApp }) };
      }
    },
    costUsd: () => costUsd,
    // Sums of binary fractions are no prices: millionths of a dollar are.
    uncountedUsd: (postUsd = 0) => Math.round((costUsd + postUsd - countedUsd) * 1e6) / 1e6,
  };
}

function notAsked(reason: string, cause: "fence-lost" | "over-budget" | "unavailable"): AfterSend {
  return { outcome: "deferred", reason, cause, xCharged: false };
}
