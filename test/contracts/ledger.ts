import { describe } from "vitest";
import type { OpenLedger } from "../support/ledger.ts";
import { absenceContract } from "./ledger-absence.ts";
import { armContract } from "./ledger-arm.ts";
import { breakerContract } from "./ledger-breakers.ts";
import { budgetContract } from "./ledger-budget.ts";
import { claimContract } from "./ledger-claim.ts";
import { claimBatchContract } from "./ledger-claim-batch.ts";
import { draftContract } from "./ledger-draft.ts";
import { onlyContract } from "./ledger-only.ts";
import { outcomeContract } from "./ledger-outcome.ts";
import { readContract } from "./ledger-read.ts";
import { recoveryContract } from "./ledger-recovery.ts";
import { rehearsalContract } from "./ledger-rehearsals.ts";
import { settleContract } from "./ledger-settle.ts";
import { similarContract } from "./ledger-similar.ts";
import { spendContract } from "./ledger-spend.ts";
import { textContract } from "./ledger-text.ts";
import { tickContract } from "./ledger-tick.ts";
import { turnContract } from "./ledger-turns.ts";

/** Every database that holds the ledger passes these: one test for every condition in schemas/sql. */
export function ledgerContract(open: OpenLedger): void {
  describe("claim", () => claimContract(open));
  describe("claim, the rest of the batch", () => claimBatchContract(open));
  describe("budget", () => budgetContract(open));
  describe("draft", () => draftContract(open));
  describe("similar", () => similarContract(open));
  describe("arm", () => armContract(open));
  describe("read", () => readContract(open));
  describe("outcome", () => outcomeContract(open));
  describe("turns", () => turnContract(open));
  describe("settle", () => settleContract(open));
  describe("absence", () => absenceContract(open));
  describe("tick", () => tickContract(open));
  describe("tick for some clients", () => onlyContract(open));
  describe("breakers", () => breakerContract(open));
  describe("recovery", () => recoveryContract(open));
  describe("rehearsals", () => rehearsalContract(open));
  describe("spend", () => spendContract(open));
  describe("text", () => textContract(open));
}
