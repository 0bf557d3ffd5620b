import fc from "fast-check";
import { expect, test } from "vitest";
import { readAnswer } from "../../src/vendors/openai-answer.ts";

const request = { model: "local/llama", messages: [], candidates: 2, maxTokens: 100, parameters: {} };
const bound = { inputTokens: 50, cachedTokens: 0, outputTokens: 100 };

function answer(content: unknown, usage: unknown = undefined): object {
  return { choices: [{ message: { content }, finish_reason: "stop" }], usage };
}

test.for<{ form: string; content: string; texts: readonly string[] }>([
  { form: "what was asked for", content: '{"candidates":[{"text":"a"},{"text":"b"}]}', texts: ["a", "b"] },
  { form: "plain strings", content: '{"candidates":["a","b"]}', texts: ["a", "b"] },
  { form: "an array", content: '["a"]', texts: ["a"] },
  { form: "an array of objects", content: '[{"text":"a"}]', texts: ["a"] },
  { form: "a fence", content: 'Sure:\n```json\n{"candidates":[{"text":"a"}]}\n```\nEnjoy', texts: ["a"] },
  { form: "a fence without a language", content: '```\n["a"]\n```', texts: ["a"] },
  { form: "words around", content: 'Here: {"candidates":[{"text":"a"}]} Enjoy!', texts: ["a"] },
  { form: "words around an array", content: 'Here: ["a", "b"] Enjoy!', texts: ["a", "b"] },
  { form: "more than asked for", content: '["a","b","c"]', texts: ["a", "b"] },
])("texts are found in $form", ({ content, texts }) => {
  expect(readAnswer(answer(content), request, bound)).toEqual({ kind: "texts", texts, usage: bound });
});

test.for<{ form: string; content: string }>([
  { form: "prose", content: "Coffee is ready." },
  { form: "JSON of another shape", content: '{"text":"a"}' },
  { form: "an array of something else", content: 'Tags: {"tags":["a"]}' },
  { form: "numbers", content: '{"candidates":[1,2]}' },
  { form: "one text among other things", content: '{"candidates":[{"text":"a"},{"words":"b"}]}' },
  { form: "an inherited field", content: '{"__proto__":{"candidates":["a"]}}' },
  { form: "a flood", content: JSON.stringify(["a".repeat(100_000)]) },
  { form: "code", content: "({candidates:['a']})" },
])("$form is malformed", ({ content }) => {
  expect(readAnswer(answer(content), request, bound).kind).toBe("malformed");
});

test.for<{ form: string; value: unknown }>([
  { form: "a page of HTML", value: "<html></html>" },
  { form: "nothing", value: null },
  { form: "no message", value: { choices: [{}] } },
  { form: "no choices", value: { choices: "none" } },
])("an answer that is $form is malformed", ({ value }) => {
  expect(readAnswer(value, request, bound)).toMatchObject({ kind: "malformed", usage: bound });
});

test("content that is not text is empty", () => {
  expect(readAnswer(answer([{ type: "text" }]), request, bound).kind).toBe("empty");
  expect(readAnswer({ choices: [{ message: {} }] }, request, bound).kind).toBe("empty");
});

test.for<{ form: string; usage: unknown; read: object }>([
  {
    form: "complete",
    usage: { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } },
    read: { inputTokens: 9, cachedTokens: 4, outputTokens: 5 },
  },
  {
    form: "without cached tokens",
    usage: { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: null },
    read: { inputTokens: 9, cachedTokens: 0, outputTokens: 5 },
  },
  {
    form: "with more cached than sent",
    usage: { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 400 } },
    read: { inputTokens: 9, cachedTokens: 9, outputTokens: 5 },
  },
  { form: "negative", usage: { prompt_tokens: -9, completion_tokens: 5 }, read: bound },
  { form: "text", usage: { prompt_tokens: "9", completion_tokens: "5" }, read: bound },
  { form: "half there", usage: { prompt_tokens: 9 }, read: bound },
])("usage that is $form", ({ usage, read }) => {
  expect(readAnswer(answer('["a"]', usage), request, bound).usage).toEqual(read);
});

test("no answer makes the reader throw", () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (value, content) => {
      readAnswer(value, request, bound);
      readAnswer(answer(content), request, bound);
    }),
  );
});
