import type { Draft } from "../terms.ts";
import { checkText, normaliseText } from "./checks/check.ts";
import { makeDraft, textHash } from "./draft.ts";
import type { CheckedText, GenerateInput } from "./session.ts";
import { pickNumber } from "./topic.ts";

/** Fallback texts that may be posted now, the first choice first. */
export interface Fallbacks {
  drafts: readonly Draft[];
  checks: readonly CheckedText[];
  /** Why none was posted, should it come to that: there is none to offer, or the ledger refused what was offered. */
  unused: string;
}

/**
 * The client's own evergreen texts, without those of the last 30 days. They repeat by nature, so likeness to older posts
 * does not count, and a person wrote them, so the moderation endpoint is not asked. The slot decides where the turn starts.
 */
export function readyFallbacks(input: GenerateInput): Fallbacks {
  const { client, claim, plan } = input;
  if (client.fallbacks.length === 0) return { drafts: [], checks: [], unused: "the client has none" };
  const used = new Set(claim.recentFallbacks.map(normaliseText));
  const fresh = client.fallbacks.map(normaliseText).filter((text) => !used.has(text));
  if (fresh.length === 0) return { drafts: [], checks: [], unused: "all were used in the last 30 days" };
  const context = { client, linksAllowed: plan.linksAllowed, recentTexts: [] };
  const checked = rotate(fresh, pickNumber(plan.slot.id, fresh.length)).map((text) => ({
    text,
    failures: checkText(text, context),
  }));
  const passed = checked.filter(({ failures }) => failures.length === 0);
  const broken = passed.length > 0 ? undefined : checked[0]?.failures[0];
  return {
    drafts: passed.map(({ text }) => makeDraft(input, text)),
    checks: checked.map(({ text, failures }) => ({
      source: "fallback",
      hash: textHash(text),
      failures,
      moderation: "not asked",
    })),
    unused: broken?.reason ?? "too similar to recent posts",
  };
}

function rotate(texts: readonly string[], start: number): readonly string[] {
  return [...texts.slice(start), ...texts.slice(0, start)];
}
