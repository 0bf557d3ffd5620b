import { checkText, normaliseText } from "../../../src/generate/checks/check.ts";
import type { CheckContext } from "../../../src/generate/checks/rule.ts";

export const context: CheckContext = {
  client: { handle: "acme_coffee", avoid: [] },
  linksAllowed: false,
  recentTexts: [],
};

/** Names of the rules that a text breaks. */
export function brokenRules(text: string, changes: Partial<CheckContext> = {}): readonly string[] {
  return checkText(normaliseText(text), { ...context, ...changes }).map(({ rule }) => rule);
}
