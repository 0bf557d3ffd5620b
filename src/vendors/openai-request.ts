import type { OpenAI } from "openai";
import type { CompletionRequest } from "../ports.ts";

type Params = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;

/** How the answer's form is asked for. Not every compatible server knows the first; all know the last. */
export type AnswerFormat = "json_schema" | "json_object" | "plain";

/** Reasoning models of OpenAI by name. They refuse `max_tokens` and sampling settings; chat and pro variants differ again. */
const reasoningModel = /^(?:gpt-[5-9]|o[1-9])(?!.*(?:-chat|-pro))/;
const newerModel = /^(?:gpt-[5-9]|o[1-9])/;

const answerSchema: Record<string, unknown> = {
  type: "object",
  additionalProperties: false,
  required: ["candidates"],
  properties: {
    candidates: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["text"],
        properties: { text: { type: "string", description: "The post, exactly as it will be published." } },
      },
    },
  },
};

/** The body of one chat completion. The limit's name and the sampling settings depend on the model's name. */
export function requestBody(request: CompletionRequest, format: AnswerFormat): Params {
  const slash = request.model.indexOf("/");
  const provider = request.model.slice(0, Math.max(slash, 0));
  const model = request.model.slice(slash + 1);
  return {
    model,
    messages: request.messages.map(({ role, content }) => ({ role, content })),
    stream: false,
    ...limits(request, provider === "openai" ? model : ""),
    ...responseFormat(format),
  };
}

/** `openaiModel` is empty for other providers: their servers know `max_tokens` only. */
function limits({ maxTokens, parameters }: CompletionRequest, openaiModel: string): Partial<Params> {
  // A short post needs little thought; the default effort can use up all tokens before the first word.
  if (reasoningModel.test(openaiModel)) return { max_completion_tokens: maxTokens, reasoning_effort: "low" };
  if (newerModel.test(openaiModel)) return { max_completion_tokens: maxTokens };
  return {
    max_tokens: maxTokens,
    ...(parameters.temperature === undefined ? {} : { temperature: parameters.temperature }),
    ...(parameters.topP === undefined ? {} : { top_p: parameters.topP }),
  };
}

function responseFormat(format: AnswerFormat): Partial<Params> {
  if (format === "plain") return {};
  if (format === "json_object") return { response_format: { type: "json_object" } };
  return {
    response_format: { type: "json_schema", json_schema: { name: "candidates", strict: true, schema: answerSchema } },
  };
}
