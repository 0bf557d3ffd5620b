import { modelCost } from "../gate/cost.ts";
import type { Model } from "../ports.ts";
import { fetchInProcess } from "../sandbox/in-process.ts";
import { type ChatRequest, chatCompletion } from "../sandbox/model-answer.ts";
import type { ModelFault } from "../sandbox/model-faults.ts";
import { readAssignment, writeTexts } from "../sandbox/model-writer.ts";
import type { Client, Usage } from "../terms.ts";
import { openModel } from "../vendors/openai.ts";
import { noteTrouble } from "./journal.ts";
import { drawModelTrouble, type ModelTrouble } from "./model-trouble.ts";
import type { Run } from "./run-services.ts";

/** Milliseconds that an answer takes; a slow one ends within the client's own deadline of a minute. */
const latencies = { complete: [900, 6000], slow: [15_000, 59_000], moderate: [150, 700] } as const;

const completions = "/chat/completions";
const briefLength = 120;

/** The real client of a language model, for one client in one run. */
export function openSimulatedModel(run: Run, client: Client, apiKey: string): Model {
  const { id, world, faults, passage } = run;
  const { draws, time, model: server } = world;
  let calls = 0;
  let trouble: ModelTrouble | undefined;
  const reach = fetchInProcess(server.connect);
  const model = openModel({
    apiKey,
    baseUrl: "http://model.sandbox/v1",
    now: time.clock,
    fetch: (input, init) => {
      if (String(input).endsWith(completions)) announce(run, client, { apiKey, body: String(init?.body), trouble });
      return reach(input, init);
    },
  });
  const pass = <T>(step: "complete" | "moderate", work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const key = `${id} ${client.id} ${step} ${calls}`;
    if (step === "complete") trouble = drawModelTrouble({ faults: faults.model, draws, key, secret: apiKey });
    const range = step === "complete" && trouble?.isSlow === true ? latencies.slow : latencies[step];
    return passage.pass(step, draws.between(range, "model takes", key), work);
  };
  return {
    complete: (request) => pass("complete", () => model.complete(request)),
    moderate: (texts) => pass("moderate", () => model.moderate(texts)),
  };
}

interface Asked {
  apiKey: string;
  body: string;
  trouble: ModelTrouble | undefined;
}

/** Tells the sandbox what to answer, and reckons by its own count what it uses, whether the answer arrives or not. */
function announce({ id, world, unpriced }: Run, client: Client, { apiKey, body, trouble }: Asked): void {
  const { journal, time, workspace, watch, nextModel } = world;
  const request = JSON.parse(body) as ChatRequest;
  const fault = trouble?.fault ?? briefly(request);
  nextModel.set(`${apiKey} /v1${completions}`, fault);
  if (trouble !== undefined) {
    noteTrouble(journal, { run: id, client: client.id, kind: trouble.kind, at: time.clock() });
  }
  if (/hostile/.test(trouble?.kind ?? "")) watch.hostile += 1;
  const model = `openai/${request.model}`;
  const isKnown = workspace.prices.models.has(model);
  const worked = trouble?.isBilled !== false;
  const usd = !worked || !isKnown ? 0 : modelCost(model, usageIn(chatCompletion(request, 0, fault)), workspace.prices);
  const priced = isKnown && model !== unpriced;
  journal.completions.push({ run: id, client: client.id, model, priced, worked, askedAt: time.clock(), usd });
}

/** The ledger compares every text with those of a week, letter by letter: long ones would take most of a simulation's time. */
function briefly({ messages, model }: ChatRequest): ModelFault {
  return { kind: "texts", texts: writeTexts({ ...readAssignment(messages, model), maxLength: briefLength }) };
}

function usageIn(completion: object): Usage {
  const { usage } = completion as { usage: { prompt_tokens: number; completion_tokens: number } };
  return { inputTokens: usage.prompt_tokens, cachedTokens: 0, outputTokens: usage.completion_tokens };
}
