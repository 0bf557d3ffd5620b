import type { Completion, CompletionRequest } from "../ports.ts";
import type { Usage } from "../terms.ts";

interface Choice {
  content: string;
  refused: boolean;
  finishReason: string;
}

/** Far more than any number of posts; a server that sends more is broken or means harm. */
const maxContentLength = 100_000;

/**
 * Reads an answer of any compatible server: `answer` is what the SDK returned, whatever its type says. `bound` stands in
 * for a usage that is missing or makes no sense.
 */
export function readAnswer(answer: unknown, request: CompletionRequest, bound: Usage): Completion {
  const usage = readUsage(field(answer, "usage")) ?? bound;
  const choice = readChoice(answer);
  if (choice === undefined) return { kind: "malformed", reason: "the answer has no choices", usage };
  if (choice.refused) return { kind: "refused", reason: "the model refused to write this", usage };
  if (choice.finishReason === "content_filter") {
    return { kind: "refused", reason: "the provider's content filter stopped the answer", usage };
  }
  const cut = choice.finishReason === "length";
  if (choice.content.trim() === "") {
    const reason = cut ? `all ${request.maxTokens} tokens were used before the first word` : "the answer is empty";
    return { kind: "empty", reason, usage };
  }
  const texts = readTexts(choice.content)?.slice(0, request.candidates);
  if (texts === undefined) {
    return {
      kind: "malformed",
      reason: cut ? "the answer was cut off" : "the answer is not the JSON asked for",
      usage,
    };
  }
  if (texts.every((text) => text.trim() === "")) return { kind: "empty", reason: "the answer holds no text", usage };
  return { kind: "texts", texts, usage };
}

function readChoice(answer: unknown): Choice | undefined {
  const choices = field(answer, "choices");
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = field(first, "message");
  if (message === undefined) return undefined;
  const content = field(message, "content");
  const refusal = field(message, "refusal");
  const finishReason = field(first, "finish_reason");
  return {
    content: typeof content === "string" ? content : "",
    refused: typeof refusal === "string" && refusal !== "",
    finishReason: typeof finishReason === "string" ? finishReason : "",
  };
}

/** Undefined unless input and output are whole numbers of at least 0. */
function readUsage(usage: unknown): Usage | undefined {
  const inputTokens = field(usage, "prompt_tokens");
  const outputTokens = field(usage, "completion_tokens");
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined;
  const cached = field(field(usage, "prompt_tokens_details"), "cached_tokens");
  return { inputTokens, outputTokens, cachedTokens: isCount(cached) ? Math.min(cached, inputTokens) : 0 };
}

/** The candidate texts in an answer: as asked for, or as models without structured output tend to write it. */
function readTexts(content: string): readonly string[] | undefined {
  if (content.length > maxContentLength) return undefined;
  for (const region of jsonRegions(content)) {
    const texts = textsOf(parse(region));
    if (texts !== undefined) return texts;
  }
  return undefined;
}

function jsonRegions(content: string): readonly string[] {
  const fenced = /```(?:json)?\s*([\s\S]*?)```/i.exec(content)?.[1];
  return [content, fenced, outermost(content)].filter((region) => region !== undefined);
}

/** From the first bracket to the last one of its kind: an array inside an object of another shape is not the answer. */
function outermost(content: string): string | undefined {
  const start = content.search(/[{[]/);
  const end = content.lastIndexOf(content[start] === "{" ? "}" : "]");
  return start >= 0 && end > start ? content.slice(start, end + 1) : undefined;
}

function textsOf(value: unknown): readonly string[] | undefined {
  const list = Array.isArray(value) ? value : field(value, "candidates");
  if (!Array.isArray(list)) return undefined;
  const texts = list.map((item: unknown) => (typeof item === "string" ? item : field(item, "text")));
  return texts.every((text) => typeof text === "string") ? texts : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An own property, so that nothing inherited is mistaken for part of the answer. */
function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name] ?? undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
