import type { DuePlan, DueSlot } from "../../src/due/plan.ts";
import type { Claim, OutcomeInput } from "../../src/ports.ts";
import type { Slot } from "../../src/terms.ts";
import { type Book, type Ending, restMs } from "../due/fairness-play.ts";
import { distinctText } from "../support/crash-answers.ts";
import type { Steps } from "./ledger-steps.ts";

/** The ledger as the book of the fairness property: its own global cap decides who has room. */
export function ledgerBook(steps: Steps): Book {
  let posted = 0;
  let texts = 0;
  const send = async ({ slot }: DueSlot, { fence, draft }: Claim, now: Date) => {
    const step = { ...named(slot), fence, now };
    if (draft === undefined) {
      texts += 1;
      const { stored } = await steps.store([distinctText(texts)], step);
      if (stored === undefined) throw new Error("the text is too similar to an earlier one");
    }
    const armed = await steps.arm(step);
    if (!armed.armed) throw new Error(armed.reason);
  };
  return {
    read: (now) => steps.ledger.readTick({ now }),
    keep: async (plan, { now, room, isStopped, ending }) => {
      const claims = new Map((await claimAll(steps, plan, now)).map((claim) => [claim.slot, claim]));
      const global = { postsPerDay: posted + room };
      const hadRoom: DueSlot[] = [];
      for (const due of plan.due) {
        const step = { ...named(due.slot), fence: claims.get(due.slot.id)?.fence ?? 0, now };
        if ((await steps.reserve({ ...step, global })).granted) hadRoom.push(due);
      }
      for (const [n, due] of hadRoom.entries()) {
        const claim = claims.get(due.slot.id) as Claim;
        const ended = isStopped ? undefined : ending(due, n);
        if (ended !== undefined && isSent(ended)) await send(due, claim, now);
        if (ended === "posted") posted += 1;
        const outcome = outcomeOf(ended, now);
        await steps.record(outcome.outcome, { ...outcome, ...named(due.slot), fence: claim.fence, now });
      }
      return hadRoom;
    },
  };

  /** No ending is a turn of nobody's: the slot goes back. */
  function outcomeOf(ending: Ending | undefined, now: Date): Pick<OutcomeInput, "outcome"> & Partial<OutcomeInput> {
    switch (ending) {
      case undefined:
        return { outcome: "deferred" };
      case "posted":
        return { outcome: "posted", postId: String(posted) };
      case "without credentials":
        return { outcome: "deferred", ownTurn: true };
      case "out of requests":
        return {
          outcome: "deferred",
          backoff: { scope: "client", until: new Date(now.getTime() + restMs), reason: "X has no room" },
        };
      default:
        return { outcome: ending };
    }
  }
}

function isSent(ending: Ending): boolean {
  return ending === "posted" || ending === "dead" || ending === "out of requests";
}

function named({ id, client }: Slot) {
  return { slot: id, client };
}

function claimAll(steps: Steps, { due, deferred, closed, planned }: DuePlan, now: Date): Promise<readonly Claim[]> {
  const row = ({ id, client, plannedAt }: Slot) => ({ slot: id, client, plannedAt });
  return steps.claimAll({
    now,
    due: due.map(({ slot, client }) => ({ ...row(slot), minGapSeconds: client.schedule.minGapSeconds })),
    deferred: deferred.map(({ slot, reason }) => ({ ...row(slot), reason })),
    closed: closed.map(({ slot, outcome, reason }) => ({ ...row(slot), outcome, reason })),
    planned,
  });
}
