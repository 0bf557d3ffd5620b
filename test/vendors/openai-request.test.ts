import { expect, test } from "vitest";
import { requestBody } from "../../src/vendors/openai-request.ts";

const request = {
  messages: [{ role: "user" as const, content: "Write." }],
  candidates: 3,
  maxTokens: 800,
  parameters: { temperature: 0.9, topP: 0.95 },
};

const older = { max_tokens: 800, temperature: 0.9, top_p: 0.95 };
const reasoning = { max_completion_tokens: 800, reasoning_effort: "low" };

test.for<{ model: string; sent: object }>([
  { model: "openai/gpt-5-mini", sent: { model: "gpt-5-mini", ...reasoning } },
  { model: "openai/gpt-5.6-luna", sent: { model: "gpt-5.6-luna", ...reasoning } },
  { model: "openai/o4-mini", sent: { model: "o4-mini", ...reasoning } },
  { model: "openai/gpt-5-chat-latest", sent: { model: "gpt-5-chat-latest", max_completion_tokens: 800 } },
  { model: "openai/gpt-5-pro", sent: { model: "gpt-5-pro", max_completion_tokens: 800 } },
  { model: "openai/gpt-4.1-mini", sent: { model: "gpt-4.1-mini", ...older } },
  { model: "openrouter/openai/gpt-5-mini", sent: { model: "openai/gpt-5-mini", ...older } },
  { model: "local/o1-imitation", sent: { model: "o1-imitation", ...older } },
])("$model gets the limit and settings that its server knows", ({ model, sent }) => {
  const { messages, stream, ...body } = requestBody({ ...request, model }, "plain");
  expect(messages).toEqual(request.messages);
  expect(stream).toBe(false);
  expect(body).toEqual(sent);
});

test("settings that a prompt leaves out are not sent", () => {
  const body = requestBody({ ...request, model: "openai/gpt-4.1-mini", parameters: {} }, "json_object");
  expect(body).not.toHaveProperty("temperature");
  expect(body).not.toHaveProperty("top_p");
  expect(body.response_format).toEqual({ type: "json_object" });
});

test("the strict schema asks for texts and nothing else", () => {
  const body = requestBody({ ...request, model: "openai/gpt-5-mini" }, "json_schema");
  expect(body.response_format).toMatchObject({
    type: "json_schema",
    json_schema: { name: "candidates", strict: true },
  });
  // The price's upper bound leaves 512 tokens for what is not a message.
  expect(Buffer.byteLength(JSON.stringify(body.response_format))).toBeLessThan(500);
});
