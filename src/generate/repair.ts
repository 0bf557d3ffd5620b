import type { PromptMessage } from "../terms.ts";
import type { Failure } from "./checks/rule.ts";
import { secretsRuleName } from "./checks/secrets.ts";

/** Bytes of the repair request at most. The gate reserves money for as many; a test holds the two numbers together. */
export const repairBytes = 4_000;

/** A candidate and what is wrong with it. */
export interface Rejected {
  text: string;
  failures: readonly Failure[];
}

const opening = "None of your candidates can be published:";
const closing =
  "Write new candidates that keep what was good and avoid all of these problems. Same rules, same JSON form as before.";

/**
 * The plan's messages and one more that says what failed. It repeats a candidate only when no key may stand in it, and
 * leaves the texts out when they are too long, so that its price stays known.
 */
export function repairMessages(
  messages: readonly PromptMessage[],
  rejected: readonly Rejected[],
): readonly PromptMessage[] {
  const withTexts = repairText(rejected, true);
  const content = Buffer.byteLength(withTexts, "utf8") <= repairBytes ? withTexts : repairText(rejected, false);
  return [...messages, { role: "user", content }];
}

function repairText(rejected: readonly Rejected[], showTexts: boolean): string {
  const lines = rejected.map(({ text, failures }, index) => {
    const secret = failures.some(({ rule }) => rule === secretsRuleName);
    const reasons = failures.map(({ reason }) => reason).join("; ");
    const quoted = showTexts && !secret ? ` ${JSON.stringify(text)}` : "";
    return `${index + 1}.${quoted} Problem: ${reasons}.`;
  });
  // Reasons are short sentences of ours, except for the avoided phrase, which may have 1,000 characters.
  return [opening, clip(lines.join("\n"), showTexts), closing].join("\n");
}

/** Three bytes a UTF-16 unit at most keep a clipped list under the limit. */
function clip(text: string, whole: boolean): string {
  return whole ? text : text.slice(0, 1_200).toWellFormed();
}
