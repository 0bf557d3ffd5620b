import { PostingError } from "../errors.ts";
import type { Claim, Completion, CompletionRequest, Model, StoreDraftInput, StoredDraft } from "../ports.ts";
import type { Client, Draft, PromptMessage, Usage, WritingPlan } from "../terms.ts";
import type { Failure } from "./checks/rule.ts";

export interface GenerateInput {
  client: Client;
  plan: WritingPlan;
  claim: Pick<Claim, "recentTexts" | "recentFallbacks">;
  now: Date;
  /** When the slot becomes too late to be posted; missing when it may be posted whenever. */
  latestAt?: Date;
}

export type Spent = StoreDraftInput["spent"];

/** One text that was looked at: for the receipt, which never holds a text that was not posted. */
export interface CheckedText {
  /** The model's name, or "fallback". */
  source: string;
  hash: string;
  failures: readonly Failure[];
  moderation: "passed" | "flagged" | "not offered" | "not asked";
}

export interface GeneratePorts {
  complete: Model["complete"];
  moderate: Model["moderate"];
  /** Takes one request from the rate limits. It may wait a moment itself; a refusal ends this model's turn. */
  take(model: string): Promise<{ allowed: true } | { allowed: false; reason: string; until: Date }>;
  /** Called at most twice for a slot; the second time only when the ledger refused every candidate of the first. */
  store(candidates: readonly Draft[], spent: Spent, checks: readonly CheckedText[]): Promise<StoredDraft>;
  /** Dollars for a usage; `modelCost` with the price file. */
  cost(model: string, usage: Usage): number;
  /** The most a call can use; `usageBound`. */
  bound(request: CompletionRequest): Usage;
}

/** Why a model gave no text that could be posted. */
export interface Trouble {
  model: string;
  reason: string;
  /** True when nothing was wrong but the moment. */
  waiting: boolean;
  until?: Date;
}

/** What happened so far for one slot. */
export interface Session {
  input: GenerateInput;
  ports: GeneratePorts;
  /** Since the ledger was last told. */
  unstored: Spent;
  total: Spent;
  checks: CheckedText[];
  troubles: Trouble[];
  stores: number;
  repaired: boolean;
  /** The moderation endpoint did not answer: no model's text can be cleared now. */
  moderationDown: boolean;
}

export function openSession(input: GenerateInput, ports: GeneratePorts): Session {
  const flags = { stores: 0, repaired: false, moderationDown: false };
  return { input, ports, unstored: nothing(), total: nothing(), checks: [], troubles: [], ...flags };
}

/** Asks one model once. Undefined when it gave no texts; the reason is in the session's troubles. */
export async function ask(
  session: Session,
  model: string,
  messages: readonly PromptMessage[],
): Promise<readonly string[] | undefined> {
  const { input, ports, troubles } = session;
  const refusal = await takeRequest(ports, model);
  if (refusal !== undefined) {
    troubles.push(refusal);
    return undefined;
  }
  const { candidates, maxTokens, parameters } = input.plan;
  const completion = await complete(session, { model, messages, candidates, maxTokens, parameters });
  if (completion === undefined) return undefined;
  spend(session, model, completion.usage);
  if (completion.kind === "texts") return completion.texts;
  troubles.push({ model, reason: completion.reason, waiting: false });
  return undefined;
}

/** Hands the candidates and everything spent since the last call to the ledger. The draft that was stored, if any. */
export async function store(session: Session, candidates: readonly Draft[]): Promise<Draft | undefined> {
  const spent = session.unstored;
  session.unstored = nothing();
  session.stores += 1;
  const { stored } = await session.ports.store(candidates, spent, session.checks);
  return stored === undefined ? undefined : candidates[stored];
}

/** Undefined when the request may be made. A limiter that does not answer never means that it may. */
async function takeRequest(ports: GeneratePorts, model: string): Promise<Trouble | undefined> {
  try {
    const permit = await ports.take(model);
    return permit.allowed ? undefined : { model, reason: permit.reason, waiting: true, until: permit.until };
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    return { model, reason: error.message, waiting: true };
  }
}

async function complete(session: Session, request: CompletionRequest): Promise<Completion | undefined> {
  try {
    return await session.ports.complete(request);
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    // No answer is not the same as no bill: the most that the call can have cost counts as spent.
    if (error.kind === "outcome-unknown") spend(session, request.model, session.ports.bound(request));
    session.troubles.push({
      model: request.model,
      reason: error.message,
      waiting: error.kind === "rate-limited",
      ...(error.retryAt === undefined ? {} : { until: error.retryAt }),
    });
    return undefined;
  }
}

function spend(session: Session, model: string, usage: Usage): void {
  const usd = session.ports.cost(model, usage);
  session.unstored = add(session.unstored, usd, usage);
  session.total = add(session.total, usd, usage);
}

function add(spent: Spent, usd: number, usage: Usage): Spent {
  return {
    completions: spent.completions + 1,
    usd: spent.usd + usd,
    usage: {
      inputTokens: spent.usage.inputTokens + usage.inputTokens,
      cachedTokens: spent.usage.cachedTokens + usage.cachedTokens,
      outputTokens: spent.usage.outputTokens + usage.outputTokens,
    },
  };
}

function nothing(): Spent {
  return { completions: 0, usd: 0, usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0 } };
}
