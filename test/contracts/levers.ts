import { describe } from "vitest";
import { draftContract } from "./levers-draft.ts";
import { explainContract } from "./levers-explain.ts";
import { haltContract } from "./levers-halt.ts";
import { deadLettersContract, retryContract } from "./levers-retry.ts";
import { beginning, type OpenLevers } from "./levers-steps.ts";

/** Every database that holds the ledger passes these: one test for every condition in schemas/sql/0009_levers.sql. */
export function leversContract(open: OpenLevers): void {
  const begin = beginning(open);
  describe("halt", () => haltContract(begin));
  describe("dead letters", () => deadLettersContract(begin));
  describe("retry", () => retryContract(begin));
  describe("the draft of a retried slot", () => draftContract(begin));
  describe("explain", () => explainContract(begin));
}
