import { expect, test } from "vitest";
import { nextAction } from "../../src/record/next-action.ts";
import type { Cause, Outcome } from "../../src/terms.ts";
import { outcomes } from "./examples.ts";

test.for<{ outcome: Outcome; cause?: Cause; contains: string }>([
  { outcome: "unknown", contains: "a later tick reads the account's posts" },
  { outcome: "unknown", cause: "outcome-unknown", contains: "a later tick reads the account's posts" },
  { outcome: "dead", cause: "outcome-unknown", contains: "Look at the account on X" },
  { outcome: "dead", cause: "sent-twice", contains: "not sent again" },
  { outcome: "dead", cause: "account", contains: "Log in to the account" },
  { outcome: "dead", contains: "look at the account on X" },
  { outcome: "deferred", cause: "rate-limited", contains: "when the window opens" },
  { outcome: "deferred", cause: "out-of-credit", contains: "Buy credit" },
  { outcome: "deferred", contains: "a later tick takes it" },
  { outcome: "missed", contains: "stays unposted" },
  { outcome: "skipped", cause: "no-text", contains: "add fallbacks" },
  { outcome: "skipped", contains: "owed no longer" },
])("a slot that ends $outcome for the cause $cause tells: $contains", ({ outcome, cause, contains }) => {
  expect(nextAction(outcome, cause)).toContain(contains);
});

test("only a posted slot asks for nothing at all", () => {
  expect(outcomes.filter((outcome) => nextAction(outcome) === undefined)).toEqual(["posted"]);
});
