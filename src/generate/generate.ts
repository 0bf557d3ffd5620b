import type { Draft, PromptMessage } from "../terms.ts";
import { readyFallbacks } from "./fallback.ts";
import { judge, type Verdict } from "./judge.ts";
import { type Rejected, repairMessages } from "./repair.ts";
import {
  ask,
  type CheckedText,
  type GenerateInput,
  type GeneratePorts,
  openSession,
  type Session,
  type Spent,
  store,
} from "./session.ts";

/** What came of one slot's writing. A deferred slot costs no fallback text: a later tick asks again. */
export type Generated = GeneratedReport & Written;

type Written =
  | { kind: "draft"; draft: Draft }
  | { kind: "skipped"; reason: string }
  | { kind: "deferred"; reason: string; until?: Date };

export interface GeneratedReport {
  /** Everything this call spent. */
  spent: Spent;
  /** Every text looked at, for the receipt. */
  checks: readonly CheckedText[];
  /** Why models gave no text, one line each, also when another one did. */
  troubles: readonly string[];
}

/** How long a model that asked to wait without saying how long is left alone. */
const unknownWaitMs = 60_000;
const maxReasonLength = 500;

/**
 * Writes one slot's text: the models in order, one repair in all, then the client's fallback texts. Stores the draft.
 * Throws whatever the ledger throws; what models and moderation throw as PostingError becomes a reason.
 */
export async function generateDraft(input: GenerateInput, ports: GeneratePorts): Promise<Generated> {
  const session = openSession(input, ports);
  for (const model of input.plan.models) {
    const draft = await tryModel(session, model);
    if (draft !== undefined) return report(session, { kind: "draft", draft });
    if (session.stores === 2 || session.moderationDown) break;
  }
  return session.stores === 2 ? skipped(session) : withoutModels(session);
}

/** One call, and one repair if this slot has not had its repair yet. */
async function tryModel(session: Session, model: string): Promise<Draft | undefined> {
  const { messages } = session.input.plan;
  const first = await round(session, model, messages);
  if (first === undefined || "text" in first) return first;
  if (first.length === 0 || session.repaired || session.stores === 2 || session.moderationDown) return undefined;
  session.repaired = true;
  const second = await round(session, model, repairMessages(messages, first));
  return second !== undefined && "text" in second ? second : undefined;
}

/** Ask, check, store. The stored draft, or what was wrong with each candidate, or undefined without any candidate. */
async function round(
  session: Session,
  model: string,
  messages: readonly PromptMessage[],
): Promise<Draft | readonly Rejected[] | undefined> {
  const texts = await ask(session, model, messages);
  if (texts === undefined) return undefined;
  if (texts.length === 0) session.troubles.push({ model, reason: "it gave no texts", waiting: false });
  const verdict = await judge(session, model, texts);
  const draft = await offer(session, verdict);
  if (draft !== undefined) return draft;
  const rejected = [...verdict.rejected, ...verdict.passed.map(tooSimilar)];
  const reasons = new Set(rejected.flatMap(({ failures }) => failures.map(({ reason }) => reason)));
  if (reasons.size > 0) session.troubles.push({ model, reason: [...reasons].join(", "), waiting: false });
  return rejected;
}

/**
 * A slot has two calls of `store`. The second ends the matter, so the fallback texts go along behind the candidates, and
 * the ledger takes the first text that is not too similar.
 */
async function offer(session: Session, { passed }: Verdict): Promise<Draft | undefined> {
  if (passed.length === 0) return undefined;
  if (session.stores === 0) return store(session, passed);
  const { drafts, checks } = readyFallbacks(session.input);
  session.checks.push(...checks);
  return store(session, [...passed, ...drafts]);
}

function tooSimilar({ text }: Draft): Rejected {
  return { text, failures: [{ rule: "repetition", reason: "the text is too similar to a recent post" }] };
}

async function withoutModels(session: Session): Promise<Generated> {
  const deferral = whenToReturn(session);
  if (deferral !== undefined) return deferral;
  const { drafts, checks } = readyFallbacks(session.input);
  session.checks.push(...checks);
  if (drafts.length > 0 || session.unstored.completions > 0) {
    const draft = await store(session, drafts);
    if (draft !== undefined) return report(session, { kind: "draft", draft });
  }
  return skipped(session);
}

/** Deferred when waiting is all it takes and the slot can wait; a fallback text would be wasted. */
function whenToReturn(session: Session): Generated | undefined {
  const { troubles, input, total } = session;
  if (total.completions > 0 || !troubles.every(({ waiting }) => waiting)) return undefined;
  const times = troubles.flatMap(({ until }) => (until === undefined ? [] : [until.getTime()]));
  const earliest = times.length > 0 ? new Date(Math.min(...times)) : undefined;
  const needed = earliest ?? new Date(input.now.getTime() + unknownWaitMs);
  if (input.latestAt !== undefined && needed > input.latestAt) return undefined;
  const reason = clip(lines(session).join("; "));
  return report(session, { kind: "deferred", reason, ...(earliest === undefined ? {} : { until: earliest }) });
}

function skipped(session: Session): Generated {
  const fallbacks = `fallbacks: ${readyFallbacks(session.input).unused}`;
  return report(session, { kind: "skipped", reason: clip(["no text", ...lines(session), fallbacks].join("; ")) });
}

function report({ total, checks, ...session }: Session, written: Written): Generated {
  return { ...written, spent: total, checks, troubles: lines(session) };
}

function lines({ troubles }: Pick<Session, "troubles">): readonly string[] {
  return troubles.map(({ model, reason }) => `${model}: ${reason}`);
}

function clip(text: string): string {
  return text.length <= maxReasonLength ? text : `${text.slice(0, maxReasonLength - 1)}…`;
}
