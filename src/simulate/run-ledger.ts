import type { Ledger, TickState } from "../ports.ts";
import { everyone, hinder, type Journal, tally } from "./journal.ts";
import type { Run } from "./run-services.ts";

/** Every method of the ledger through the passage, with what the journal needs of it. */
export function openRunLedger({ id, world: { draws, journal, time }, passage }: Run, ledger: Ledger): Ledger {
  let calls = 0;
  let openedAt = time.clock();
  const pass = <T>(step: Exclude<keyof Ledger, "readTick">, work: () => Promise<T>): Promise<T> => {
    calls += 1;
    return passage.pass(step, draws.between([15, 60], "ledger", id, calls), work);
  };
  // The ledger's word that somebody has to wait counts only while it follows something that went wrong.
  const rest = (client: string) => {
    if (time.clock().getTime() - journal.lastTroubleAt.getTime() <= longestRestMs) hinder(journal, id, client);
  };
  return {
    openTick: (input) =>
      pass("openTick", async () => {
        openedAt = time.clock();
        const state = await ledger.openTick(input);
        noteRest(journal, state, rest);
        return state;
      }),
    readTick: (input) => ledger.readTick(input),
    claimSlots: (input) =>
      pass("claimSlots", async () => {
        // The answer may be lost behind leases that last.
        let taken: Named = input.due;
        try {
          const claims = await ledger.claimSlots(input);
          for (const { slot } of claims) journal.claims.set(`${id} ${clientIn(slot)}`, slot);
          // What this run met while it settled may have begun a rest, which the claim heeds.
          if (journal.lastTroubleAt >= openedAt) for (const client of unclaimed(input.due, claims)) rest(client);
          taken = claims;
          return claims;
        } finally {
          for (const { slot } of taken)
            journal.claimed.push({ run: id, client: clientIn(slot), claimedAt: time.clock() });
        }
      }),
    reserveSlots: (input) => {
      noteDays(journal, id, input);
      return pass("reserveSlots", async () => {
        const answers = await ledger.reserveSlots(input);
        for (const answer of answers) if (!answer.granted) noteRefusal(journal, id, answer);
        return answers;
      });
    },
    storeDraft: (input) => pass("storeDraft", () => ledger.storeDraft(input)),
    countRead: (input) =>
      pass("countRead", async () => {
        const counted = await ledger.countRead(input);
        if (counted.counted || counted.why !== "over-budget") return counted;
        noteRefusal(journal, id, { slot: input.slot, reason: counted.reason });
        return counted;
      }),
    armSlot: (input) =>
      pass("armSlot", async () => {
        const armed = await ledger.armSlot(input);
        if (!armed.armed) rest(clientIn(input.slot));
        return armed;
      }),
    recordOutcome: (input) => pass("recordOutcome", () => ledger.recordOutcome(input)),
    recordAbsence: (input) => pass("recordAbsence", () => ledger.recordAbsence(input)),
    closeTick: (input) => pass("closeTick", () => ledger.closeTick(input)),
  };
}

function noteDays(journal: Journal, run: string, { slots, global }: Parameters<Ledger["reserveSlots"]>[0]): void {
  for (const slot of slots) {
    if ("day" in slot) journal.days.set(`${run} ${slot.client}`, { day: slot.day, globalDay: global.day });
  }
}

type Named = readonly { slot: string }[];

function unclaimed(due: Named, claims: Named): readonly string[] {
  const claimed = new Set(claims.map(({ slot }) => slot));
  return due.flatMap(({ slot }) => (claimed.has(slot) ? [] : [clientIn(slot)]));
}

function noteRefusal(journal: Journal, run: string, { slot, reason }: { slot: string; reason: string }): void {
  hinder(journal, run, reason.startsWith(togetherPrefix) ? everyone : clientIn(slot));
  if (reason.startsWith(budgetPrefix)) journal.refusals.push({ run, slot, reason });
}

/** What the ledger puts before the reason of a budget without room. */
export const budgetPrefix = "budget: ";
/** And of a budget of all clients: then none of them has room. */
const togetherPrefix = `${budgetPrefix}all clients together: `;

/**
 * X is left alone for 12 hours at most, and then one post is tried; src/post/strikes.ts. Whoever waits for twice as long
 * without any further trouble is forgotten. Only an account that X refuses rests longer, for itself.
 */
const longestRestMs = 24 * 3_600_000;

/** The client's id that a slot's id begins with. */
export function clientIn(slot: string): string {
  return slot.slice(0, slot.indexOf("/"));
}

/** Who rests or is at work elsewhere when a run begins, and so is not served by it. */
function noteRest(journal: Journal, state: TickState, rest: (client: string) => void): void {
  const { halted, breakers = [], clients, open, unsettled } = state;
  if (halted !== undefined || breakers.length > 0) rest(everyone);
  for (const scope of new Set(breakers.map((breaker) => breaker.scope))) {
    tally(journal.rested, scope === "x" ? "X" : "the models");
  }
  if (halted !== undefined) tally(journal.rested, "everything");
  const resting = [...clients].filter(([, one]) => one.halted !== undefined || one.backoff !== undefined);
  if (resting.length > 0) tally(journal.rested, "a client");
  const busy = [...open.filter(({ state: at }) => at !== "waiting"), ...unsettled].map(({ client }) => client);
  for (const client of [...resting.map(([id]) => id), ...busy]) rest(client);
}
