import { modelCost, usageBound } from "../gate/cost.ts";
import type { CompletionRequest, Model } from "../ports.ts";
import { counted, money } from "../record/format.ts";
import type { Client, Prices } from "../terms.ts";
import {
  type Attempt,
  attempt,
  eachOf,
  everything,
  type Finding,
  failed,
  ok,
  skipped,
  type Verdict,
  warning,
} from "./check.ts";

/** Vendors change their prices a few times a year. */
const priceDays = 180;

export interface ModelChecks {
  /** Missing where the sandbox stands in for it. */
  model: Model | undefined;
  clients: readonly Client[];
  prices: Prices;
  now: Date;
  deadlineSeconds: number;
}

/** Each model that a client names: whether it answers, and how old its price is. */
export async function checkModels(checks: ModelChecks): Promise<readonly Finding[]> {
  const names = [...new Set(checks.clients.flatMap(({ models }) => models))].sort();
  const answers = await eachOf(names, (name) => modelVerdict(name, checks));
  return names.flatMap((name, index) => [
    { scope: everything, check: `model ${name}`, ...(answers[index] ?? sandboxed) },
    { scope: everything, check: `price ${name}`, ...priceVerdict(name, checks) },
  ]);
}

const sandboxed = skipped("the sandbox writes instead of this model: set OPENAI_API_KEY to check the real one");

/** One short question: unlike a list of models it also finds a key without credit. */
export async function modelVerdict(
  name: string,
  { model, prices, deadlineSeconds }: Pick<ModelChecks, "model" | "prices" | "deadlineSeconds">,
): Promise<Verdict> {
  if (model === undefined) return sandboxed;
  const request = question(name);
  const work = () => model.complete(request);
  const answer = await attempt({ asked: name, fixes: fixesOf(name), deadlineSeconds, work });
  if ("failure" in answer) return answer.failure;
  // An answer in another form than asked for is an answer: what counts here is that the model can be reached.
  const costUsd = prices.models.has(name) ? modelCost(name, answer.value.usage, prices) : 0;
  return ok(`${name} answers; asking it cost ${money(costUsd)}, at most ${money(mostUsd(request, prices))}`);
}

/** Room enough for a reasoning model to end its thoughts: with less, some answer 400. */
const question = (model: string): CompletionRequest => ({
  model,
  messages: [{ role: "user", content: "Answer with the one word: ready." }],
  candidates: 1,
  maxTokens: 256,
  parameters: {},
});

function mostUsd(request: CompletionRequest, prices: Prices): number {
  return prices.models.has(request.model) ? modelCost(request.model, usageBound(request), prices) : 0;
}

const fixesOf = (name: string): Attempt<unknown>["fixes"] => ({
  config: "write a key that the provider accepts into OPENAI_API_KEY",
  rejected: `see that the key's project may use ${name}, or name another model in the clients' files`,
  "out-of-credit": "add credit at the model's provider",
  "rate-limited": "raise the key's rate limit at the provider, or try again later",
  unavailable: "see that OPENAI_BASE_URL is the provider's address, and try again",
  else: "look at the provider's status page, and try again",
});

function priceVerdict(name: string, { prices, now }: ModelChecks): Verdict {
  const price = prices.models.get(name);
  const add = `add ${name} to clients/_prices.yaml`;
  if (price === undefined) return failed(`${name} has no price`, add);
  const days = Math.floor((now.getTime() - Date.parse(price.checked)) / 86_400_000);
  if (days <= priceDays) return ok(`the price was checked on ${price.checked}`);
  const fix = `compare it with the source in clients/_prices.yaml, and set \`checked\` to ${now.toISOString().slice(0, 10)}`;
  return warning(`the price was checked ${counted(days, "day")} ago`, fix);
}
