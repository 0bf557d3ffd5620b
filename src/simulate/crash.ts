import type { Draws } from "./draws.ts";
import { type Journal, tally } from "./journal.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Every call of a run to a service, by the names of the ports. */
export const steps = [
  "openTick",
  "claimSlots",
  "reserveSlots",
  "take",
  "complete",
  "moderate",
  "storeDraft",
  "countRead",
  "whoAmI",
  "armSlot",
  "send",
  "recordOutcome",
  "postsSince",
  "recordAbsence",
  "closeTick",
] as const;
export type Step = (typeof steps)[number];

/** Where a run dies: at its so-manieth call of a kind, before the call leaves or when it has taken effect. */
export interface CrashPoint {
  step: Step;
  nth: number;
  phase: "before" | "after";
}

/** Draws whether and where a run dies. */
export function drawCrash(chance: number, run: string, draws: Draws): CrashPoint | undefined {
  if (!draws.chance(chance, "crash", run)) return undefined;
  return {
    step: draws.pick(steps, "crash step", run),
    nth: draws.between([1, 2], "crash nth", run),
    phase: draws.chance(0.5, "crash phase", run) ? "before" : "after",
  };
}

/** The way of one run to its services. A dead run's calls never end, and none of its new ones leaves. */
export interface Passage {
  /** Makes a call that takes so long, half of it on the way there. */
  pass<T>(step: Step, milliseconds: number, work: () => Promise<T>): Promise<T>;
  /** Resolves when the run has died and what it had on its way has arrived. */
  died: Promise<void>;
}

const nobodyWaits = new Promise<never>(() => {});

export function openPassage(input: { time: VirtualTime; journal: Journal; crash: CrashPoint | undefined }): Passage {
  const { time, journal, crash } = input;
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  let seen = 0;
  let onTheWay = 0;
  let isDead = false;

  function ends(step: Step, phase: CrashPoint["phase"], nth: number): boolean {
    if (!isDead && crash?.step === step && crash.phase === phase && crash.nth === nth) {
      isDead = true;
      tally(journal.crashes, `${phase} ${step}`);
      tally(journal.faults, "crashed run");
    }
    if (isDead && onTheWay === 0) die();
    return isDead;
  }

  async function pass<T>(step: Step, milliseconds: number, work: () => Promise<T>): Promise<T> {
    if (crash?.step === step) seen += 1;
    const nth = seen;
    if (ends(step, "before", nth)) return nobodyWaits;
    await time.sleep(milliseconds / 2);
    if (isDead) return nobodyWaits;
    onTheWay += 1;
    // Settled first and thrown later: an answer that a dead run gets is nobody's error.
    const [answer] = await Promise.allSettled([time.busy(work)]);
    onTheWay -= 1;
    if (ends(step, "after", nth)) return nobodyWaits;
    await time.sleep(milliseconds / 2);
    if (isDead) return nobodyWaits;
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  }

  return { pass, died };
}
