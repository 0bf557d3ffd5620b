import { entityRules } from "./entities.ts";
import { leftoverRules } from "./leftovers.ts";
import type { CheckContext, Failure, Rule } from "./rule.ts";
import { secretRules } from "./secrets.ts";
import { shapeRules } from "./shape.ts";
import { similarityRules } from "./similarity.ts";
import { wordRules } from "./words.ts";

const moderationRule: Rule = {
  name: "moderation",
  check: (_text, { flagged }) => (flagged === true ? "the provider's moderation flagged the text" : undefined),
};

/** Every rule a text must pass before it may be posted. */
export const rules: readonly Rule[] = [
  ...shapeRules,
  ...entityRules,
  ...wordRules,
  ...leftoverRules,
  ...secretRules,
  ...similarityRules,
  moderationRule,
];

/** Longer than any post. What lies behind is cut off, so that no rule has to read a novel; the rest is still too long. */
const maxRead = 5_000;

/** The exact text that would be sent: Unicode NFC, plain line feeds, no blanks around it or at line ends. */
export function normaliseText(text: string): string {
  return text
    .slice(0, maxRead)
    .replace(/\r\n?/g, "\n")
    .replace(/[^\S\n]+$/gmu, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim()
    .normalize("NFC");
}

/** Every rule that the text breaks; none means it may be posted. Expects `normaliseText`'s answer. */
export function checkText(text: string, context: CheckContext): readonly Failure[] {
  return broken(rules, text, context);
}

/** What moderation adds to a text that has passed every other rule. */
export function checkModeration(text: string, context: CheckContext): readonly Failure[] {
  return broken([moderationRule], text, context);
}

function broken(some: readonly Rule[], text: string, context: CheckContext): readonly Failure[] {
  return some.flatMap(({ name, check }) => {
    const reason = check(text, context);
    return reason === undefined ? [] : [{ rule: name, reason }];
  });
}
