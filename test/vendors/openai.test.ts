import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { usageBound } from "../../src/gate/cost.ts";
import type { CompletionRequest, Model } from "../../src/ports.ts";
import { type ModelFault, type ModelFaults, modelErrors } from "../../src/sandbox/model-faults.ts";
import { type ModelSandbox, startModelSandbox } from "../../src/sandbox/model-server.ts";
import { openModel } from "../../src/vendors/openai.ts";

const apiKey = "sk-test-of-the-vendor-file-0123456789";
const secretPrompt = "the prompt that nobody else may see";
const now = new Date("2026-11-21T08:00:00Z");
const request: CompletionRequest = {
  model: "openai/gpt-5-mini",
  messages: [{ role: "user", content: `Topic: cold brew\n${secretPrompt}\nWrite 3 candidates.` }],
  candidates: 3,
  maxTokens: 800,
  parameters: { temperature: 0.9, topP: 0.95 },
};
const bound = usageBound(request);

const open: ModelSandbox[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
});

async function start(faults?: ModelFault | ModelFaults): Promise<{ model: Model; sandbox: ModelSandbox }> {
  const decide = typeof faults === "function" ? faults : () => faults;
  const sandbox = await startModelSandbox({ faults: decide });
  open.push(sandbox);
  const hangs = typeof faults === "object" && faults.kind === "hang";
  // Where nothing hangs, a busy machine has all the time it needs.
  const deadlineMs = hangs ? 2_000 : 30_000;
  return { model: openModel({ apiKey, baseUrl: sandbox.url, deadlineMs, now: () => now }), sandbox };
}

async function failure(promise: Promise<unknown>): Promise<PostingError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PostingError);
  return error as PostingError;
}

describe("a completion", () => {
  test("brings as many texts as were asked for and the usage that the answer reported", async () => {
    const { model, sandbox } = await start();
    const completion = await model.complete(request);
    expect(completion.kind).toBe("texts");
    if (completion.kind === "texts") expect(new Set(completion.texts).size).toBe(3);
    expect(completion.usage.inputTokens).toBeGreaterThan(10);
    expect(completion.usage.inputTokens).toBeLessThan(bound.inputTokens);
    expect(completion.usage.outputTokens).toBeGreaterThan(64);
    expect(completion.usage.outputTokens).toBeLessThanOrEqual(800);
    expect(sandbox.requests()).toBe(1);
  });

  test.for(["openai/gpt-5-mini", "openai/gpt-4.1-mini", "openai/gpt-5-chat", "local/llama-3:8b", "bare-name"])(
    "is understood by the server for %s",
    async (name) => {
      let sent = "";
      const { model } = await start((call) => {
        sent = call.model;
        return undefined;
      });
      const completion = await model.complete({ ...request, model: name });
      expect(completion.kind).toBe("texts");
      expect(sent).toBe(name.slice(name.indexOf("/") + 1));
    },
  );

  test.for<{ fault: ModelFault; kind: string; words: string }>([
    { fault: { kind: "refusal" }, kind: "refused", words: "refused" },
    { fault: { kind: "content-filter" }, kind: "refused", words: "content filter" },
    { fault: { kind: "empty" }, kind: "empty", words: "empty" },
    { fault: { kind: "blank-texts" }, kind: "empty", words: "no text" },
    { fault: { kind: "broken-json" }, kind: "malformed", words: "not the JSON" },
    { fault: { kind: "cut-off" }, kind: "malformed", words: "cut off" },
    { fault: { kind: "no-choices" }, kind: "malformed", words: "no choices" },
  ])("with the fault $fault.kind is $kind", async ({ fault, kind, words }) => {
    const { model } = await start(fault);
    const completion = await model.complete(request);
    expect(completion).toMatchObject({ kind, reason: expect.stringContaining(words) });
    expect(completion.usage.inputTokens).toBeGreaterThan(0);
  });

  test("that used all its tokens for thinking is empty, and says so", async () => {
    const { model } = await start();
    const completion = await model.complete({ ...request, maxTokens: 60 });
    expect(completion).toMatchObject({ kind: "empty", reason: expect.stringContaining("60 tokens") });
  });

  test("without usage counts as the most it can have used", async () => {
    const { model } = await start({ kind: "no-usage" });
    expect((await model.complete(request)).usage).toEqual(bound);
  });

  test("that is slow but within the deadline is taken", async () => {
    const { model } = await start({ kind: "slow", ms: 100 });
    expect((await model.complete(request)).kind).toBe("texts");
  });
});

describe("a failed call", () => {
  test.for<{ name: string; fault: ModelFault; kind: string; words: string }>([
    { name: "401", fault: modelErrors.unauthorised, kind: "config", words: "401 invalid_api_key" },
    { name: "403", fault: { kind: "error", status: 403 }, kind: "config", words: "403" },
    { name: "402", fault: { kind: "error", status: 402 }, kind: "out-of-credit", words: "402" },
    { name: "429 without quota", fault: modelErrors.outOfQuota, kind: "out-of-credit", words: "insufficient_quota" },
    { name: "429", fault: modelErrors.rateLimited, kind: "rate-limited", words: "429 rate_limit_exceeded" },
    { name: "400", fault: { kind: "error", status: 400 }, kind: "rejected", words: "400" },
    {
      name: "404",
      fault: { kind: "error", status: 404, code: "model_not_found" },
      kind: "rejected",
      words: "model_not_found",
    },
    { name: "422", fault: { kind: "error", status: 422 }, kind: "rejected", words: "422" },
    { name: "408", fault: { kind: "error", status: 408 }, kind: "outcome-unknown", words: "408" },
    { name: "500", fault: { kind: "error", status: 500 }, kind: "outcome-unknown", words: "500" },
    { name: "503", fault: modelErrors.overloaded, kind: "outcome-unknown", words: "503 server_error" },
    { name: "a hanging server", fault: { kind: "hang" }, kind: "outcome-unknown", words: "deadline" },
    { name: "a reset", fault: { kind: "reset" }, kind: "outcome-unknown", words: "broke" },
    { name: "a body cut off", fault: { kind: "cut-body" }, kind: "outcome-unknown", words: "broke" },
    {
      name: "a body that is not JSON",
      fault: { kind: "not-json" },
      kind: "outcome-unknown",
      words: "could not be read",
    },
  ])("by $name is $kind after exactly one request", async ({ fault, kind, words }) => {
    const { model, sandbox } = await start(fault);
    const error = await failure(model.complete(request));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(words);
    expect(sandbox.requests()).toBe(1);
  });

  test.for([
    { status: 401, message: `Incorrect API key provided: ${apiKey}.` },
    { status: 400, message: `Invalid content: ${secretPrompt}` },
    { status: 500, message: `While handling ${secretPrompt} for ${apiKey}` },
  ])("never shows the key or the prompt, even when the server repeats them ($status)", async ({ status, message }) => {
    const { model } = await start({ kind: "error", status, message, code: message, type: message });
    const error = await failure(model.complete(request));
    const shown = `${error.message} ${error.stack} ${String(error.cause)} ${JSON.stringify(error)}`;
    expect(shown).not.toContain(apiKey);
    expect(shown).not.toContain(secretPrompt);
  });

  test.for([
    { retryAfter: "7", seconds: 7 },
    { retryAfter: "Sat, 21 Nov 2026 08:02:00 GMT", seconds: 120 },
    { retryAfter: "Sat, 21 Nov 2020 08:02:00 GMT", seconds: 0 },
    { retryAfter: "99999999", seconds: 86_400 },
    { retryAfter: "soon", seconds: undefined },
    { retryAfter: undefined, seconds: undefined },
  ])("by a rate limit says when to come back: $retryAfter", async ({ retryAfter, seconds }) => {
    const { model } = await start({ kind: "error", status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) });
    const error = await failure(model.complete(request));
    expect(error.retryAt?.getTime()).toBe(seconds === undefined ? undefined : now.getTime() + seconds * 1_000);
  });

  test("is unavailable when nothing listens there", async () => {
    const port = await freePort();
    const model = openModel({ apiKey, baseUrl: `http://127.0.0.1:${port}/v1` });
    const error = await failure(model.complete(request));
    expect(error).toMatchObject({ kind: "unavailable", message: expect.stringContaining("ECONNREFUSED") });
  });

  test("is unavailable when the host does not exist", async () => {
    const model = openModel({ apiKey, baseUrl: "http://clara.invalid/v1" });
    expect((await failure(model.complete(request))).kind).toBe("unavailable");
  });
});

describe("a server without structured output", () => {
  test.for<{ refuses: ("json_schema" | "json_object")[] }>([
    { refuses: ["json_schema"] },
    { refuses: ["json_schema", "json_object"] },
  ])("that refuses $refuses is asked in a simpler form, and that is remembered", async ({ refuses }) => {
    const { model, sandbox } = await start({ kind: "no-format", refuses });
    const local = { ...request, model: "local/llama" };
    expect((await model.complete(local)).kind).toBe("texts");
    const before = sandbox.requests();
    expect(before).toBe(1 + refuses.length);
    expect((await model.complete(local)).kind).toBe("texts");
    expect(sandbox.requests()).toBe(before + 1);
  });

  test("that refuses something else is not asked again", async () => {
    const { model, sandbox } = await start({
      kind: "error",
      status: 400,
      message: "messages too long",
      param: "messages",
    });
    expect((await failure(model.complete(request))).kind).toBe("rejected");
    expect(sandbox.requests()).toBe(1);
  });
});

describe("moderation", () => {
  test.for<{ fault: ModelFault | undefined; flags: readonly boolean[] }>([
    { fault: undefined, flags: [false, false] },
    { fault: { kind: "flagged" }, flags: [true, true] },
  ])("answers one flag per text: $flags", async ({ fault, flags }) => {
    const { model } = await start(fault);
    expect(await model.moderate(["one", "two"])).toEqual(flags);
  });

  test("of no texts makes no request", async () => {
    const { model, sandbox } = await start();
    expect(await model.moderate([])).toEqual([]);
    expect(sandbox.requests()).toBe(0);
  });

  test.for<{ name: string; fault: ModelFault }>([
    { name: "404", fault: { kind: "error", status: 404 } },
    { name: "405", fault: { kind: "error", status: 405 } },
    { name: "501", fault: { kind: "error", status: 501 } },
    { name: "400 for an unknown model", fault: { kind: "error", status: 400, message: "Invalid model" } },
  ])("that the provider does not offer ($name) is undefined and not asked again", async ({ fault }) => {
    const { model, sandbox } = await start(fault);
    expect(await model.moderate(["one"])).toBeUndefined();
    expect(await model.moderate(["two"])).toBeUndefined();
    expect(sandbox.requests()).toBe(1);
  });

  test.for<{ fault: ModelFault; kind: string }>([
    { fault: modelErrors.unauthorised, kind: "config" },
    { fault: modelErrors.overloaded, kind: "outcome-unknown" },
    { fault: modelErrors.rateLimited, kind: "rate-limited" },
  ])("that fails is $kind, never cleared", async ({ fault, kind }) => {
    const { model } = await start(fault);
    expect((await failure(model.moderate(["one"]))).kind).toBe(kind);
  });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 1;
}
