import fc from "fast-check";
import { expect, test } from "vitest";
import { repairBytes, repairMessages } from "../../src/generate/repair.ts";
import { plan } from "./fixtures.ts";

const failure = fc.record({
  rule: fc.constantFrom("links", "secrets"),
  reason: fc.string({ unit: "grapheme", maxLength: 1_100 }),
});
const rejected = fc.array(
  fc.record({
    text: fc.string({ unit: "binary", maxLength: 900 }),
    failures: fc.array(failure, { minLength: 1, maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 5 },
);

test("a repair request never has more bytes than were paid for, whatever failed", () => {
  fc.assert(
    fc.property(rejected, (list) => {
      const messages = repairMessages(plan.messages, list);
      expect(messages.slice(0, -1)).toEqual(plan.messages);
      const content = messages.at(-1)?.content ?? "";
      expect(Buffer.byteLength(content, "utf8")).toBeLessThanOrEqual(repairBytes);
      expect(content.isWellFormed()).toBe(true);
    }),
  );
});

test("candidates too long to be repeated leave room for the reasons", () => {
  const list = [{ text: "字".repeat(2_000), failures: [{ rule: "length", reason: "the text is too long" }] }];
  const content = repairMessages([], list)[0]?.content;
  expect(content).toContain("1. Problem: the text is too long.");
  expect(content).not.toContain("字");
});
