import { PostingError } from "../errors.ts";
import type { Draft } from "../terms.ts";
import { checkModeration, checkText, normaliseText } from "./checks/check.ts";
import type { CheckContext, Failure } from "./checks/rule.ts";
import { makeDraft, textHash } from "./draft.ts";
import type { Rejected } from "./repair.ts";
import type { CheckedText, Session } from "./session.ts";

/** A model's candidates, split by the checks. */
export interface Verdict {
  passed: readonly Draft[];
  rejected: readonly Rejected[];
}

interface Candidate {
  text: string;
  failures: readonly Failure[];
  moderation: CheckedText["moderation"];
}

/** Applies every rule, the moderation endpoint last, since it costs a call. Keeps the model's order and records each text. */
export async function judge(session: Session, model: string, texts: readonly string[]): Promise<Verdict> {
  const context = contextOf(session);
  const unique = [...new Set(texts.map(normaliseText))];
  const checked = unique.map(
    (text): Candidate => ({ text, failures: checkText(text, context), moderation: "not asked" }),
  );
  const candidates = await moderated(session, checked, context);
  session.checks.push(
    ...candidates.map(({ text, failures, moderation }) => ({
      source: model,
      hash: textHash(text),
      failures,
      moderation,
    })),
  );
  const passed = session.moderationDown ? [] : candidates.filter(({ failures }) => failures.length === 0);
  return {
    passed: passed.map(({ text }) => makeDraft(session.input, text, model)),
    rejected: candidates.filter(({ failures }) => failures.length > 0),
  };
}

function contextOf({ input: { client, plan, claim } }: Session): CheckContext {
  return { client, linksAllowed: plan.linksAllowed, recentTexts: claim.recentTexts };
}

async function moderated(session: Session, checked: readonly Candidate[], context: CheckContext): Promise<Candidate[]> {
  const clean = checked.filter(({ failures }) => failures.length === 0);
  if (clean.length === 0) return [...checked];
  const answer = await flags(
    session,
    clean.map(({ text }) => text),
  );
  if (answer === "down") return [...checked];
  return checked.map((candidate) => {
    const at = clean.indexOf(candidate);
    if (at < 0) return candidate;
    if (answer === undefined) return { ...candidate, moderation: "not offered" };
    // A missing flag is no clearance.
    const flagged = answer[at] ?? true;
    const failures = checkModeration(candidate.text, { ...context, flagged });
    return { ...candidate, failures, moderation: flagged ? "flagged" : "passed" };
  });
}

async function flags(session: Session, texts: readonly string[]): Promise<readonly boolean[] | undefined | "down"> {
  try {
    return await session.ports.moderate(texts);
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    session.moderationDown = true;
    session.troubles.push({
      model: "moderation",
      reason: error.message,
      waiting: error.kind === "rate-limited",
      ...(error.retryAt === undefined ? {} : { until: error.retryAt }),
    });
    return "down";
  }
}
