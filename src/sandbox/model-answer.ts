import { createHash } from "node:crypto";
import type { ModelFault } from "./model-faults.ts";
import { readAssignment, writeTexts } from "./model-writer.ts";

/** The part of a chat completion request that the sandbox looks at. */
export interface ChatRequest {
  model: string;
  messages: readonly { role: string; content: string }[];
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
  response_format?: { type: string };
}

interface Message {
  content: string | null;
  refusal: string | null;
  finishReason: "stop" | "length" | "content_filter";
}

/** Tokens that a reasoning model uses before it writes. */
const reasoningTokens = 64;
/** English text has about four characters a token. */
const charactersPerToken = 4;

/** Chat completion in OpenAI's shape: https://platform.openai.com/docs/api-reference/chat/object */
export function chatCompletion(request: ChatRequest, count: number, fault: ModelFault | undefined): object {
  const message = limited(answerMessage(request, fault), request);
  const id = createHash("sha256")
    .update(`${count}/${JSON.stringify(request)}`)
    .digest("hex")
    .slice(0, 24);
  const choice = {
    index: 0,
    message: { role: "assistant", content: message.content, refusal: message.refusal, annotations: [] },
    logprobs: null,
    finish_reason: message.finishReason,
  };
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1_000),
    model: request.model,
    choices: fault?.kind === "no-choices" ? [] : [choice],
    ...(fault?.kind === "no-usage" ? {} : { usage: usage(request, message) }),
    system_fingerprint: null,
  };
}

/** True for models that think before they answer and refuse the older parameters. */
export function isReasoningModel(model: string): boolean {
  return /^(?:gpt-5|o\d)/.test(model);
}

function answerMessage(request: ChatRequest, fault: ModelFault | undefined): Message {
  const plain: Message = { content: null, refusal: null, finishReason: "stop" };
  switch (fault?.kind) {
    case "refusal":
      return { ...plain, refusal: "I'm sorry, but I can't help with that." };
    case "content-filter":
      return { ...plain, content: "", finishReason: "content_filter" };
    case "empty":
      return { ...plain, content: "" };
    case "blank-texts":
      return { ...plain, content: JSON.stringify({ candidates: [{ text: " " }] }) };
    case "broken-json":
      return { ...plain, content: '{"candidates":[{"text":"It was a' };
    case "cut-off":
      return { ...plain, content: '{"candidates":[{"text":"It was a', finishReason: "length" };
    default:
      return { ...plain, content: written(request, fault) };
  }
}

function written(request: ChatRequest, fault: ModelFault | undefined): string {
  const texts = fault?.kind === "texts" ? fault.texts : writeTexts(readAssignment(request.messages, request.model));
  const json = JSON.stringify({ candidates: texts.map((text) => ({ text })) });
  // Without a format to keep to, models wrap their JSON in words and a fence.
  return request.response_format === undefined ? `Here you are:\n\n\`\`\`json\n${json}\n\`\`\`` : json;
}

function limited(message: Message, request: ChatRequest): Message {
  const most = tokenLimit(request) - (isReasoningModel(request.model) ? reasoningTokens : 0);
  if (message.content === null || tokens(message.content) <= most) return message;
  return {
    ...message,
    content: message.content.slice(0, Math.max(most, 0) * charactersPerToken),
    finishReason: "length",
  };
}

function usage(request: ChatRequest, message: Message): object {
  const promptTokens = request.messages.reduce((sum, { content }) => sum + tokens(content) + 4, 3);
  const thinking = isReasoningModel(request.model) ? Math.min(reasoningTokens, tokenLimit(request)) : 0;
  const completionTokens = thinking + tokens(message.content ?? message.refusal ?? "");
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: thinking, audio_tokens: 0 },
  };
}

function tokenLimit(request: ChatRequest): number {
  return request.max_completion_tokens ?? request.max_tokens ?? 4_096;
}

function tokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}
