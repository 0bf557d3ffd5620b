import { PostingError } from "../errors.ts";
import type { CompletionRequest } from "../ports.ts";
import type { Draft, ModelPrice, Prices, PromptMessage, Usage, WritingPlan } from "../terms.ts";
import { timelinePageSize } from "../timeline.ts";

/** What one slot may cost at most; the ledger holds this much before anything is spent. */
export interface WorstCase {
  completions: number;
  modelUsd: number;
  xUsd: number;
}

/** Tokens that a chat format adds around each message. OpenAI's formats add 3 to 5. */
const tokensPerMessage = 16;
/** Tokens for what a request holds besides its messages: the answer's JSON schema, reply priming. The schema has 300 bytes. */
const tokensPerRequest = 512;
/** Bytes of the repair request, which `generate` never exceeds; a test holds the two numbers together. */
export const repairBytes = 4_000;

/**
 * Pages of the timeline that are held for: two reads decide what became of a send without a clear answer. What a read needs
 * beyond has to fit the budgets when it is made.
 */
const heldPages = 2;

/**
 * The most a slot can cost: every model once, then one repair by the dearest, then the proof of the account, the post and
 * what it takes to find it. Throws config without a price.
 */
export function worstCase(plan: WritingPlan, prices: Prices): WorstCase {
  const input = inputBound(plan.messages);
  const repairInput = input + repairBytes + tokensPerMessage;
  const firstUsd = plan.models.map((model) => callBoundUsd(priceOf(model, prices), input, plan.maxTokens));
  const repairUsd = plan.models.map((model) => callBoundUsd(priceOf(model, prices), repairInput, plan.maxTokens));
  return {
    completions: plan.maxCompletions,
    modelUsd: firstUsd.reduce((sum, usd) => sum + usd, 0) + Math.max(0, ...repairUsd),
    xUsd: publishingUsd(plan.linksAllowed, prices),
  };
}

/**
 * The same for a text that is stored: no model is asked any more, and X takes the price of the text as it is, whatever the
 * client's file says of links by now.
 */
export function worstCaseOfDraft({ hasLink }: Pick<Draft, "hasLink">, prices: Pick<Prices, "x">): WorstCase {
  return { completions: 0, modelUsd: 0, xUsd: publishingUsd(hasLink, prices) };
}

function publishingUsd(hasLink: boolean, { x }: Pick<Prices, "x">): number {
  return (hasLink ? x.postWithUrlUsd : x.postUsd) + x.readUserUsd + heldPages * timelinePageSize * x.readPostUsd;
}

/** Dollars for what one answer reported. Reasoning is part of the output tokens. Throws config without a price. */
export function modelCost(model: string, usage: Usage, prices: Prices): number {
  const price = priceOf(model, prices);
  const cached = Math.min(usage.cachedTokens, usage.inputTokens);
  const fresh = usage.inputTokens - cached;
  return (fresh * price.inputUsd + cached * price.cachedUsd + usage.outputTokens * price.outputUsd) / 1e6;
}

/** The most tokens that one call can use, for an answer that never came or reported nothing. */
export function usageBound(request: Pick<CompletionRequest, "messages" | "maxTokens">): Usage {
  return { inputTokens: inputBound(request.messages), cachedTokens: 0, outputTokens: request.maxTokens };
}

/** A token is at least one byte, so the bytes are never fewer than the tokens. */
function inputBound(messages: readonly PromptMessage[]): number {
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content, "utf8") + tokensPerMessage, 0);
  return bytes + tokensPerRequest;
}

function callBoundUsd(price: ModelPrice, inputTokens: number, outputTokens: number): number {
  // A price file may, by mistake or in fact, list cached tokens dearer than fresh ones.
  const inputUsd = Math.max(price.inputUsd, price.cachedUsd);
  return (inputTokens * inputUsd + outputTokens * price.outputUsd) / 1e6;
}

function priceOf(model: string, prices: Prices): ModelPrice {
  const price = prices.models.get(model);
  if (price === undefined) throw new PostingError("config", `clients/_prices.yaml has no price for ${model}`);
  return price;
}
