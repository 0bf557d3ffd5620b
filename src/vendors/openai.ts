import { OpenAI } from "openai";
import { usageBound } from "../gate/cost.ts";
import type { Clock, CompletionRequest, Model } from "../ports.ts";
import { readAnswer } from "./openai-answer.ts";
import { isNotOffered, refusesFormat, toPostingError } from "./openai-errors.ts";
import { type AnswerFormat, requestBody } from "./openai-request.ts";

export interface ModelOptions {
  apiKey: string;
  /** Any server that speaks OpenAI's chat completions, ending in `/v1` or the like. @default OpenAI's own */
  baseUrl?: string;
  /** Total time of one call, tries with a simpler answer format included. @default 60_000 */
  deadlineMs?: number;
  /** Base of `retryAt`. @default the system's clock */
  now?: Clock;
  /** The sandbox answers in process. */
  fetch?: typeof fetch;
}

const openaiUrl = "https://api.openai.com/v1";
const moderationModel = "omni-moderation-latest";
/** What to ask for once a server has refused the form before it. */
const simpler: Readonly<Record<AnswerFormat, AnswerFormat | undefined>> = {
  json_schema: "json_object",
  json_object: "plain",
  plain: undefined,
};

/**
 * Opens the language model behind any OpenAI-compatible server. One key and one server for all models: the provider in
 * `provider/model` picks the price and the dialect, and only what follows the first slash is sent.
 */
export function openModel({
  apiKey,
  baseUrl = openaiUrl,
  deadlineMs = 60_000,
  now = () => new Date(),
  fetch: answer,
}: ModelOptions): Model {
  // Retries have one owner, and it is not the SDK. Its logs can hold prompts, so they stay off whatever OPENAI_LOG says.
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    timeout: deadlineMs,
    maxRetries: 0,
    logLevel: "off",
    ...(answer && { fetch: answer }),
  });
  const formats = new Map<string, AnswerFormat>();
  let moderationOffered = true;
  return {
    async complete(request) {
      const signal = AbortSignal.timeout(deadlineMs);
      try {
        return readAnswer(await create(client, { request, formats, signal }), request, usageBound(request));
      } catch (error) {
        throw toPostingError(error, now());
      }
    },
    async moderate(texts) {
      if (!moderationOffered || texts.length === 0) return moderationOffered ? [] : undefined;
      try {
        return await flags(client, texts, AbortSignal.timeout(deadlineMs));
      } catch (error) {
        if (!isNotOffered(error)) throw toPostingError(error, now());
        moderationOffered = false;
        return undefined;
      }
    },
  };
}

interface CreateInput {
  request: CompletionRequest;
  /** The answer format that each model's server is known to accept. */
  formats: Map<string, AnswerFormat>;
  signal: AbortSignal;
}

/** A server that refuses the answer format is asked again with a simpler one; the refused request was not billed. */
async function create(client: OpenAI, input: CreateInput): Promise<unknown> {
  const { request, formats, signal } = input;
  const format = formats.get(request.model) ?? "json_schema";
  try {
    return await client.chat.completions.create(requestBody(request, format), { signal });
  } catch (error) {
    const next = simpler[format];
    if (next === undefined || !refusesFormat(error)) throw error;
    formats.set(request.model, next);
    return create(client, input);
  }
}

async function flags(client: OpenAI, texts: readonly string[], signal: AbortSignal): Promise<readonly boolean[]> {
  const answer = await client.moderations.create({ model: moderationModel, input: [...texts] }, { signal });
  return answer.results.map(({ flagged }) => flagged);
}
