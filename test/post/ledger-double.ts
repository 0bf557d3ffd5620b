import { PostingError } from "../../src/errors.ts";
import type { Armed, ArmInput, CountedRead, CountReadInput, Ledger, OutcomeInput } from "../../src/ports.ts";

type PostLedger = Pick<Ledger, "countRead" | "armSlot" | "recordOutcome" | "recordAbsence">;

export interface LedgerDouble extends PostLedger {
  /** The fence that may write; another run has taken the slot once it differs. */
  fence: number;
  armed: ArmInput[];
  outcomes: OutcomeInput[];
  absentReads: number;
  /** Makes the next so many calls of a method fail as an unreachable ledger does. */
  fail(method: keyof PostLedger, times: number): void;
  refuseArm: Extract<Armed, { armed: false }> | undefined;
  /** Reads that were counted, in order. */
  counted: CountReadInput[];
  refuseRead: Extract<CountedRead, { counted: false }> | undefined;
  /** Answers of recordOutcome are lost after the write, as on a dropped connection. */
  losesAnswers: boolean;
}

/** A ledger of one slot in memory that keeps to the fence and counts absences as the real one does. */
export function openLedgerDouble(fence = 1): LedgerDouble {
  const failures = new Map<keyof PostLedger, number>();
  let lastReadAt: Date | undefined;
  const check = (method: keyof PostLedger) => {
    const left = failures.get(method) ?? 0;
    if (left === 0) return;
    failures.set(method, left - 1);
    throw new PostingError("unavailable", "the ledger did not answer");
  };
  const ledger: LedgerDouble = {
    fence,
    armed: [],
    outcomes: [],
    absentReads: 0,
    refuseArm: undefined,
    counted: [],
    refuseRead: undefined,
    losesAnswers: false,
    fail: (method, times) => failures.set(method, times),
    armSlot: async (input) => {
      check("armSlot");
      if (input.fence !== ledger.fence)
        return { armed: false, why: "fence-lost", reason: "another run took this slot" };
      if (ledger.refuseArm !== undefined) return ledger.refuseArm;
      ledger.armed.push(input);
      return { armed: true };
    },
    countRead: async (input) => {
      check("countRead");
      if (input.fence !== ledger.fence)
        return { counted: false, why: "fence-lost", reason: "another run took this slot" };
      if (ledger.refuseRead !== undefined) return ledger.refuseRead;
      ledger.counted.push(input);
      return { counted: true };
    },
    recordOutcome: async (input) => {
      if (ledger.losesAnswers && input.fence === ledger.fence) ledger.outcomes.push(input);
      check("recordOutcome");
      if (input.fence !== ledger.fence) return false;
      if (!ledger.losesAnswers) ledger.outcomes.push(input);
      return true;
    },
    recordAbsence: async ({ now }) => {
      check("recordAbsence");
      if (lastReadAt === undefined || now.getTime() - lastReadAt.getTime() >= 60_000) {
        ledger.absentReads += 1;
        lastReadAt = now;
      }
      return ledger.absentReads;
    },
  };
  return ledger;
}
