import { afterAll, beforeAll, expect, test } from "vitest";
import type { ModelFault } from "../../src/sandbox/model-faults.ts";
import { type ModelSandbox, startModelSandbox } from "../../src/sandbox/model-server.ts";

let sandbox: ModelSandbox;
let fault: ModelFault | undefined;
beforeAll(async () => {
  sandbox = await startModelSandbox({ faults: () => fault });
});
afterAll(() => sandbox.close());

const chat = { model: "gpt-4.1-mini", messages: [{ role: "user", content: "Topic: maps" }] };

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = { authorization: "Bearer sandbox" },
) {
  const response = await fetch(`${sandbox.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

test("the address is on loopback and ends in /v1", () => {
  expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
});

test("a chat completion has OpenAI's shape", async () => {
  const { status, body } = await post("/chat/completions", { ...chat, response_format: { type: "json_object" } });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: expect.stringMatching(/^chatcmpl-[0-9a-f]{24}$/),
    object: "chat.completion",
    model: "gpt-4.1-mini",
    choices: [{ index: 0, message: { role: "assistant", refusal: null }, finish_reason: "stop" }],
  });
  expect(JSON.parse(body.choices[0].message.content).candidates).toHaveLength(3);
  expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
});

test("a reasoning model counts its thinking as output", async () => {
  const { body } = await post("/chat/completions", { ...chat, model: "gpt-5-mini" });
  const { completion_tokens: all, completion_tokens_details: details } = body.usage;
  expect(details.reasoning_tokens).toBeGreaterThan(0);
  expect(all).toBeGreaterThan(details.reasoning_tokens);
});

test("an answer over the limit is cut off and says so", async () => {
  const { body } = await post("/chat/completions", { ...chat, max_tokens: 20 });
  expect(body.choices[0].finish_reason).toBe("length");
  expect(body.usage.completion_tokens).toBeLessThanOrEqual(20);
});

test.for<{ what: string; path: string; body: unknown; status: number; code: string }>([
  { what: "an unknown path", path: "/embeddings", body: chat, status: 404, code: "unknown_url" },
  { what: "no model", path: "/chat/completions", body: {}, status: 400, code: "missing_required_parameter" },
  { what: "broken JSON", path: "/chat/completions", body: "{", status: 400, code: "missing_required_parameter" },
  { what: "a number", path: "/chat/completions", body: "1", status: 400, code: "missing_required_parameter" },
  {
    what: "a huge body",
    path: "/chat/completions",
    body: { ...chat, padding: "x".repeat(1_100_000) },
    status: 400,
    code: "missing_required_parameter",
  },
  {
    what: "no messages",
    path: "/chat/completions",
    body: { ...chat, messages: [] },
    status: 400,
    code: "invalid_type",
  },
  {
    what: "max_tokens for a reasoning model",
    path: "/chat/completions",
    body: { ...chat, model: "gpt-5-mini", max_tokens: 9 },
    status: 400,
    code: "unsupported_parameter",
  },
  {
    what: "temperature for a reasoning model",
    path: "/chat/completions",
    body: { ...chat, model: "o4-mini", temperature: 0.5 },
    status: 400,
    code: "unsupported_value",
  },
])("$what is refused with $status $code", async ({ path, body, status, code }) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(status);
  expect(answer.body.error).toMatchObject({ code, type: "invalid_request_error", message: expect.any(String) });
});

test("a request without a key is refused", async () => {
  const { status, body } = await post("/chat/completions", chat, {});
  expect(status).toBe(401);
  expect(body.error.code).toBe("invalid_api_key");
});

test("moderation flags nothing by itself, one result per input", async () => {
  const { body } = await post("/moderations", { input: ["a", "b"] });
  expect(body.results.map((result: { flagged: boolean }) => result.flagged)).toEqual([false, false]);
  expect((await post("/moderations", { input: "a" })).body.results).toHaveLength(1);
});

test("models are listed", async () => {
  const { body } = await post("/models", {});
  expect(body.data.map((model: { id: string }) => model.id)).toContain("gpt-5-mini");
});

test("a fault can name its texts and its error", async () => {
  fault = { kind: "texts", texts: ["exactly this"] };
  const { body } = await post("/chat/completions", { ...chat, response_format: { type: "json_object" } });
  expect(JSON.parse(body.choices[0].message.content)).toEqual({ candidates: [{ text: "exactly this" }] });
  fault = { kind: "error", status: 429, retryAfter: "3" };
  const failed = await post("/chat/completions", chat);
  expect(failed.headers.get("retry-after")).toBe("3");
  expect(failed.body.error).toEqual({ message: "The request failed.", type: "server_error", param: null, code: null });
  fault = undefined;
});

test("a closed server hangs up on those who wait", async () => {
  const other = await startModelSandbox({ faults: () => ({ kind: "hang" }) });
  const waiting = fetch(`${other.url}/models`, { headers: { authorization: "Bearer x" } }).then(
    () => "answered",
    () => "hung up",
  );
  while (other.requests() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await other.close();
  expect(await waiting).toBe("hung up");
});
