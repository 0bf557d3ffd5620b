import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { modelCost, usageBound, worstCase } from "../../src/gate/cost.ts";
import { similarity } from "../../src/generate/checks/similarity.ts";
import { generateDraft } from "../../src/generate/generate.ts";
import { planWriting } from "../../src/generate/plan.ts";
import type { CheckedText, GenerateInput, GeneratePorts, Spent } from "../../src/generate/session.ts";
import type { Completion, CompletionRequest, Model } from "../../src/ports.ts";
import { hostileTexts, type ModelFaults, modelErrors } from "../../src/sandbox/model-faults.ts";
import { type ModelSandbox, startModelSandbox } from "../../src/sandbox/model-server.ts";
import type { Draft } from "../../src/terms.ts";
import { openModel } from "../../src/vendors/openai.ts";
import { client, plan, prices, prompt, slot } from "./fixtures.ts";

const now = new Date("2026-11-21T08:00:00Z");
const latestAt = new Date("2026-11-21T08:45:00Z");
const usage = { inputTokens: 100, cachedTokens: 0, outputTokens: 50 };
const input: GenerateInput = { client, plan, claim: { recentTexts: [], recentFallbacks: [] }, now, latestAt };

const good = ["Grind just before you brew.", "Water first, then beans.", "Rinse the paper filter."];
const linked = ["See example.com", "Look at example.org"];

interface Stored {
  candidates: readonly Draft[];
  spent: Spent;
  checks: readonly CheckedText[];
}

/** A ledger that refuses texts too similar to what it holds, like the real one; it remembers every call. */
function memoryLedger(posts: string[] = []) {
  const calls: Stored[] = [];
  const store: GeneratePorts["store"] = async (candidates, spent, checks) => {
    calls.push({ candidates, spent, checks });
    const stored = candidates.findIndex(({ text }) => posts.every((post) => similarity(post, text) < 0.6));
    const text = candidates[stored]?.text;
    if (text !== undefined) posts.push(text);
    return text === undefined ? { similarTo: [] } : { stored, similarTo: [] };
  };
  return { store, calls };
}

type Answer = readonly string[] | Exclude<Completion["kind"], "texts"> | PostingError;

/** A model that gives its answers in turn and remembers what it was asked. */
function scriptedModel(answers: readonly Answer[]) {
  const asked: CompletionRequest[] = [];
  const complete: Model["complete"] = async (request) => {
    const answer = answers[asked.length];
    asked.push(request);
    if (answer instanceof Error) throw answer;
    if (answer === undefined) throw new Error("asked more often than expected");
    if (typeof answer === "string") return { kind: answer, reason: `it was ${answer}`, usage };
    return { kind: "texts", texts: answer, usage };
  };
  return { complete, asked };
}

function scene(answers: readonly Answer[], changes: Partial<GeneratePorts> = {}, posts: string[] = []) {
  const ledger = memoryLedger(posts);
  const model = scriptedModel(answers);
  const ports: GeneratePorts = {
    complete: model.complete,
    moderate: async (texts) => texts.map(() => false),
    take: async () => ({ allowed: true }),
    store: ledger.store,
    cost: (name, used) => modelCost(name, used, prices),
    bound: usageBound,
    ...changes,
  };
  return { ports, asked: model.asked, calls: ledger.calls };
}

const callUsd = modelCost("openai/gpt-5-mini", usage, prices);
const outage = new PostingError("unavailable", "no connection");
const unknown = new PostingError("outcome-unknown", "no answer");
const limited = new PostingError("rate-limited", "too fast", { retryAt: new Date("2026-11-21T08:10:00Z") });

describe("on the usual path", () => {
  test("the model's first good text is stored in one call with everything it cost", async () => {
    const { ports, calls, asked } = scene([[linked[0] ?? "", ...good]]);
    const result = await generateDraft(input, ports);
    expect(result).toMatchObject({
      kind: "draft",
      draft: {
        text: good[0],
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        source: "model",
        model: "openai/gpt-5-mini",
        prompt: "tip",
        promptVersion: "1.2.0",
        topic: "cold brew",
        hasLink: false,
      },
      spent: { completions: 1, usage },
      troubles: [],
    });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.candidates.map(({ text }) => text)).toEqual(good);
    expect(calls[0]?.spent).toEqual({ completions: 1, usd: callUsd, usage });
    expect(calls[0]?.checks.map(({ failures }) => failures.map(({ rule }) => rule))).toEqual([["links"], [], [], []]);
    expect(asked[0]).toMatchObject({ messages: plan.messages, maxTokens: 900, candidates: 3 });
  });

  test("what is stored is exactly what was checked", async () => {
    const { ports } = scene([["  cafe\u0301 \r\nnow  ", "cafe\u0301 \nnow"]]);
    expect(await generateDraft(input, ports)).toMatchObject({ draft: { text: "café\nnow" }, checks: { length: 1 } });
  });

  test("a text with an allowed link is marked, since X charges more for it", async () => {
    const { ports } = scene([["See example.com"]]);
    const result = await generateDraft({ ...input, plan: { ...plan, linksAllowed: true } }, ports);
    expect(result).toMatchObject({ draft: { hasLink: true } });
  });
});

describe("the repair", () => {
  test("tells the same model what failed and stores what comes of it", async () => {
    const { ports, asked, calls } = scene([linked, good]);
    expect(await generateDraft(input, ports)).toMatchObject({ kind: "draft", draft: { text: good[0] } });
    expect(asked.map(({ model }) => model)).toEqual(["openai/gpt-5-mini", "openai/gpt-5-mini"]);
    const repair = asked[1]?.messages.at(-1);
    expect(repair?.role).toBe("user");
    expect(repair?.content).toContain('1. "See example.com" Problem: the text has a link');
    expect(calls).toHaveLength(1);
    expect(calls[0]?.spent.completions).toBe(2);
  });

  test("happens once for all models together", async () => {
    const { ports, asked } = scene([linked, linked, linked]);
    const result = await generateDraft(input, ports);
    expect(asked.map(({ model }) => model)).toEqual(["openai/gpt-5-mini", "openai/gpt-5-mini", "openai/gpt-4.1-mini"]);
    expect(asked).toHaveLength(plan.maxCompletions);
    expect(result).toMatchObject({ kind: "draft", draft: { source: "fallback" } });
  });

  test("follows when the ledger finds every candidate too similar, and brings the fallback texts along", async () => {
    const { ports, calls, asked } = scene([good, good], {}, [...good]);
    const result = await generateDraft(input, ports);
    expect(asked[1]?.messages.at(-1)?.content).toContain("too similar to a recent post");
    expect(result).toMatchObject({ kind: "draft", draft: { source: "fallback" }, spent: { completions: 2 } });
    expect(calls.map(({ spent }) => spent.completions)).toEqual([1, 1]);
    expect(calls[1]?.candidates.map(({ source }) => source)).toEqual([
      "model",
      "model",
      "model",
      "fallback",
      "fallback",
    ]);
  });

  test("that does not help leads to the next model", async () => {
    const { ports, calls } = scene([good, linked, ["Something new altogether."]], {}, [...good]);
    expect(await generateDraft(input, ports)).toMatchObject({ draft: { text: "Something new altogether." } });
    expect(calls).toHaveLength(2);
  });

  test("is spared when the model gave no text at all", async () => {
    const { ports, asked } = scene([[], good]);
    expect(await generateDraft(input, ports)).toMatchObject({ draft: { model: "openai/gpt-4.1-mini" } });
    expect(asked).toHaveLength(2);
  });

  test("never repeats what looks like a key", async () => {
    const { ports, asked } = scene([hostileTexts, good]);
    await generateDraft(input, ports);
    const content = asked[1]?.messages.at(-1)?.content ?? "";
    expect(content).not.toContain("sk-proj");
    expect(content).toContain("looks like a secret key");
  });
});

describe("another model is asked", () => {
  test.for<{ when: string; first: Answer; why: string; completions: number }>([
    { when: "the first one refuses", first: "refused", why: "it was refused", completions: 2 },
    { when: "the first one is silent", first: "empty", why: "it was empty", completions: 2 },
    { when: "the first one breaks its JSON", first: "malformed", why: "it was malformed", completions: 2 },
    { when: "the first one cannot be reached", first: outage, why: "no connection", completions: 1 },
    { when: "the first one is rate-limited", first: limited, why: "too fast", completions: 1 },
    { when: "the key is wrong", first: new PostingError("config", "401"), why: "401", completions: 1 },
    { when: "the credit is spent", first: new PostingError("out-of-credit", "402"), why: "402", completions: 1 },
    { when: "the request is refused", first: new PostingError("rejected", "400"), why: "400", completions: 1 },
    { when: "no answer comes", first: unknown, why: "no answer", completions: 2 },
  ])("when $when", async ({ first, why, completions }) => {
    const { ports, calls } = scene([first, good]);
    const result = await generateDraft(input, ports);
    expect(result).toMatchObject({ kind: "draft", draft: { model: "openai/gpt-4.1-mini" } });
    expect(result.troubles).toEqual([`openai/gpt-5-mini: ${why}`]);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.spent.completions).toBe(completions);
  });

  test("and a call without an answer counts as the most it can have cost", async () => {
    const { ports } = scene([unknown, good]);
    const result = await generateDraft(input, ports);
    const boundUsd = modelCost("openai/gpt-5-mini", usageBound(plan), prices);
    expect(result.spent.usd).toBeCloseTo(boundUsd + modelCost("openai/gpt-4.1-mini", usage, prices), 12);
  });

  test("but a bug is not taken for an outage", async () => {
    const { ports } = scene([], { complete: () => Promise.reject(new TypeError("a bug")) });
    await expect(generateDraft(input, ports)).rejects.toThrow("a bug");
    const moderation = scene([good], { moderate: () => Promise.reject(new TypeError("a bug")) });
    await expect(generateDraft(input, moderation.ports)).rejects.toThrow("a bug");
  });
});

describe("a fallback text", () => {
  test("is taken when every model is down, and costs nothing", async () => {
    const { ports, calls } = scene([outage, outage]);
    const result = await generateDraft(input, ports);
    expect(result).toMatchObject({ kind: "draft", draft: { source: "fallback" }, spent: { completions: 0, usd: 0 } });
    if (result.kind === "draft") expect(result.draft).not.toHaveProperty("model");
    expect(calls).toHaveLength(1);
    const again = scene([outage, outage]);
    expect(await generateDraft(input, again.ports)).toEqual(result);
  });

  test("of the last 30 days is not taken again", async () => {
    for (const [index, used] of client.fallbacks.entries()) {
      const { ports } = scene([outage, outage]);
      const claim = { recentTexts: [], recentFallbacks: [used] };
      const result = await generateDraft({ ...input, claim }, ports);
      expect(result).toMatchObject({ draft: { text: client.fallbacks[1 - index] } });
    }
  });

  test("may resemble an own post, but must keep the other rules", async () => {
    const fallbacks = ["See example.com", "A clean grinder is half of the cup."];
    const { ports } = scene([outage, outage]);
    const claim = { recentTexts: ["A clean grinder is half the cup."], recentFallbacks: [] };
    const result = await generateDraft({ ...input, client: { ...client, fallbacks }, claim }, ports);
    expect(result).toMatchObject({ draft: { text: fallbacks[1] } });
  });
});

describe("a slot is skipped", () => {
  const withoutFallbacks: readonly {
    when: string;
    fallbacks: readonly string[];
    recentFallbacks: readonly string[];
    why: string;
  }[] = [
    { when: "the client has no fallback text", fallbacks: [], recentFallbacks: [], why: "the client has none" },
    { when: "all were used", fallbacks: ["One."], recentFallbacks: ["One."], why: "used in the last 30 days" },
    { when: "none keeps the rules", fallbacks: ["example.com"], recentFallbacks: [], why: "has a link" },
  ];

  test.for(withoutFallbacks)("when no model answers and $when", async ({ fallbacks, recentFallbacks, why }) => {
    const { ports, calls } = scene([outage, outage]);
    const claim = { recentTexts: [], recentFallbacks };
    const result = await generateDraft({ ...input, client: { ...client, fallbacks }, claim }, ports);
    expect(result).toMatchObject({ kind: "skipped", reason: expect.stringContaining(why) });
    expect(result).toMatchObject({ reason: expect.stringContaining("openai/gpt-4.1-mini: no connection") });
    expect(calls).toHaveLength(0);
  });

  test.for(withoutFallbacks)("when the ledger refuses every candidate and $when", async (one) => {
    const { ports, calls } = scene([good, good], {}, [...good]);
    const claim = { recentTexts: [], recentFallbacks: one.recentFallbacks };
    const result = await generateDraft({ ...input, client: { ...client, fallbacks: one.fallbacks }, claim }, ports);
    expect(result).toMatchObject({ kind: "skipped", reason: expect.stringMatching(`; fallbacks: [^;]*${one.why}`) });
    expect(calls).toHaveLength(2);
  });

  test("with a short reason, and what was spent is still recorded", async () => {
    const { ports, calls } = scene(["refused", new PostingError("config", "x".repeat(900))]);
    const result = await generateDraft({ ...input, client: { ...client, fallbacks: [] } }, ports);
    expect(result.kind === "skipped" && result.reason.length).toBe(500);
    expect(calls).toEqual([{ candidates: [], spent: { completions: 1, usd: callUsd, usage }, checks: [] }]);
  });

  test("when the ledger refuses everything twice, fallback texts included", async () => {
    const { ports, calls } = scene([good, good], {}, [...good, ...client.fallbacks]);
    const result = await generateDraft(input, ports);
    expect(result).toMatchObject({ kind: "skipped", reason: expect.stringContaining("fallbacks: too similar") });
    expect(calls).toHaveLength(2);
  });

  test.for([0, 1])("when the ledger refuses the one fallback text that keeps the rules (at %i)", async (index) => {
    const kept = "A clean grinder is half of the cup.";
    const { ports, calls } = scene([outage, outage], {}, [kept]);
    const fallbacks = ["See example.com", "See example.org"].with(index, kept);
    const result = await generateDraft({ ...input, client: { ...client, fallbacks } }, ports);
    expect(result).toMatchObject({ kind: "skipped", reason: expect.stringContaining("fallbacks: too similar") });
    expect(calls).toHaveLength(1);
  });
});

describe("a slot is deferred", () => {
  const early = new Date("2026-11-21T08:05:00Z");
  const late = new Date("2026-11-21T09:00:00Z");
  const wait =
    (until: Date): GeneratePorts["take"] =>
    async () => ({ allowed: false, reason: "our limit", until });

  test("when our own limits say wait and there is time", async () => {
    const { ports, calls, asked } = scene([], { take: wait(early) });
    const result = await generateDraft(input, ports);
    expect(result).toMatchObject({ kind: "deferred", until: early, reason: expect.stringContaining("our limit") });
    expect(asked).toHaveLength(0);
    expect(calls).toHaveLength(0);
  });

  test("until the first of the models is free", async () => {
    const { ports } = scene([limited, limited], {});
    const result = await generateDraft(input, ports);
    expect(result).toMatchObject({ kind: "deferred", until: limited.retryAt });
  });

  test("without an instant when no model named one", async () => {
    const silent = new PostingError("rate-limited", "too fast");
    const result = await generateDraft(input, scene([silent, silent]).ports);
    expect(result.kind).toBe("deferred");
    expect(result).not.toHaveProperty("until");
    const soon = await generateDraft({ ...input, latestAt: now }, scene([silent, silent]).ports);
    expect(soon).toMatchObject({ kind: "draft", draft: { source: "fallback" } });
  });

  test("when the limiter does not answer, since silence is no permission", async () => {
    const { ports, asked } = scene([], { take: () => Promise.reject(new PostingError("unavailable", "no limiter")) });
    const result = await generateDraft(input, ports);
    expect(result).toMatchObject({ kind: "deferred", reason: expect.stringContaining("no limiter") });
    expect(asked).toHaveLength(0);
    const broken = scene([], { take: () => Promise.reject(new TypeError("a bug")) });
    await expect(generateDraft(input, broken.ports)).rejects.toThrow("a bug");
  });

  test("but not past its time: then a fallback text goes out", async () => {
    const result = await generateDraft(input, scene([], { take: wait(late) }).ports);
    expect(result).toMatchObject({ kind: "draft", draft: { source: "fallback" } });
  });

  test("however long when it may be posted whenever", async () => {
    const { latestAt: _, ...whenever } = input;
    const result = await generateDraft(whenever, scene([], { take: wait(late) }).ports);
    expect(result).toMatchObject({ kind: "deferred", until: late });
  });

  test("only when waiting is all it takes", async () => {
    const result = await generateDraft(input, scene([limited, outage]).ports);
    expect(result).toMatchObject({ kind: "draft", draft: { source: "fallback" } });
  });
});

describe("moderation", () => {
  test("is asked about texts that passed the other checks only, and a flagged one is not stored", async () => {
    const seen: string[][] = [];
    const moderate: Model["moderate"] = async (texts) => {
      seen.push([...texts]);
      return texts.map((text) => text === good[0]);
    };
    const { ports, calls } = scene([[linked[0] ?? "", ...good]], { moderate });
    expect(await generateDraft(input, ports)).toMatchObject({ draft: { text: good[1] } });
    expect(seen).toEqual([good]);
    expect(calls[0]?.checks.map(({ moderation }) => moderation)).toEqual(["not asked", "flagged", "passed", "passed"]);
  });

  test("that answers too few flags clears none of the rest", async () => {
    const { ports, calls } = scene([good], { moderate: async () => [false] });
    await generateDraft(input, ports);
    expect(calls[0]?.candidates.map(({ text }) => text)).toEqual([good[0]]);
  });

  test("that the provider does not have is noted in the receipt", async () => {
    const { ports, calls } = scene([good], { moderate: async () => undefined });
    expect((await generateDraft(input, ports)).kind).toBe("draft");
    expect(calls[0]?.checks[0]?.moderation).toBe("not offered");
  });

  test.for([outage, limited])(
    "that does not answer ($kind) leaves the fallback texts, and no further call",
    async (error) => {
      const { ports, asked, calls } = scene([good], { moderate: () => Promise.reject(error) });
      const result = await generateDraft(input, ports);
      expect(result).toMatchObject({ kind: "draft", draft: { source: "fallback" } });
      expect(result.troubles).toEqual([`moderation: ${error.message}`]);
      expect(asked).toHaveLength(1);
      expect(calls).toHaveLength(1);
      expect(calls[0]?.spent.completions).toBe(1);
    },
  );
});

describe("with the real SDK and the sandbox model", () => {
  let sandbox: ModelSandbox;
  let faults: ModelFaults = () => undefined;
  beforeAll(async () => {
    sandbox = await startModelSandbox({ faults: (call) => faults(call) });
  });
  afterAll(() => sandbox.close());

  const planned = planWriting({
    client,
    prompts: new Map([["tip", prompt]]),
    prices,
    slot,
    claim: { recentTexts: [], recentLinks: 0 },
  });
  if ("refused" in planned) throw new Error(planned.refused);

  function realPorts() {
    const model = openModel({ apiKey: "sandbox", baseUrl: sandbox.url, deadlineMs: 30_000 });
    return scene([], { complete: model.complete, moderate: model.moderate });
  }

  test.for<{ name: string; faults: ModelFaults; kind: string; source: string }>([
    { name: "no fault", faults: () => undefined, kind: "draft", source: "model" },
    {
      name: "hostile texts once",
      faults: ({ path, count }) => {
        first ??= count;
        return path === "/v1/chat/completions" && count === first ? { kind: "texts", texts: hostileTexts } : undefined;
      },
      kind: "draft",
      source: "model",
    },
    {
      name: "hostile texts always",
      faults: () => ({ kind: "texts", texts: hostileTexts }),
      kind: "draft",
      source: "fallback",
    },
    { name: "a wrong key", faults: () => modelErrors.unauthorised, kind: "draft", source: "fallback" },
    { name: "an outage", faults: () => modelErrors.overloaded, kind: "draft", source: "fallback" },
    { name: "a rate limit", faults: () => modelErrors.rateLimited, kind: "deferred", source: "" },
    { name: "flagged texts", faults: () => ({ kind: "flagged" }), kind: "draft", source: "fallback" },
  ])("$name gives a $kind $source, never dearer than the worst case", async ({ faults: next, kind, source }) => {
    first = undefined;
    faults = next;
    const { ports, calls } = realPorts();
    const far = new Date(Date.now() + 3_600_000);
    const result = await generateDraft({ ...input, plan: planned, latestAt: far }, ports);
    expect(result.kind).toBe(kind);
    if (result.kind === "draft") expect(result.draft.source).toBe(source);
    const most = worstCase(planned, prices);
    expect(result.spent.usd).toBeLessThanOrEqual(most.modelUsd);
    expect(result.spent.completions).toBeLessThanOrEqual(most.completions);
    expect(calls.length).toBeLessThanOrEqual(2);
    expect(calls.reduce((sum, { spent }) => sum + spent.usd, 0)).toBeCloseTo(result.spent.usd, 12);
  });

  let first: number | undefined;

  test("fifty neighbouring slots get fifty different texts", async () => {
    faults = () => undefined;
    const posts: string[] = [];
    const model = openModel({ apiKey: "sandbox", baseUrl: sandbox.url });
    for (let hour = 0; hour < 50; hour += 1) {
      const day = String(10 + Math.floor(hour / 24));
      const id = `acme/2026-11-${day}T${String(hour % 24).padStart(2, "0")}:00`;
      const claim = { recentTexts: posts.toReversed(), recentFallbacks: [], recentLinks: 0 };
      const next = planWriting({ client, prompts: new Map([["tip", prompt]]), prices, slot: { ...slot, id }, claim });
      if ("refused" in next) throw new Error(next.refused);
      const { ports } = scene([], { complete: model.complete, moderate: model.moderate }, posts);
      const result = await generateDraft({ ...input, plan: next, claim }, ports);
      expect(result).toMatchObject({ kind: "draft", draft: { source: "model" } });
    }
    expect(new Set(posts).size).toBe(50);
  });
});
