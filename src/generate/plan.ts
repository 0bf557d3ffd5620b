import type { Claim } from "../ports.ts";
import type { Client, Prices, Prompt, Slot, WritingPlan } from "../terms.ts";
import { renderMessages } from "./render.ts";
import { pickNumber, pickTopic } from "./topic.ts";

/** Enough for three posts and the thinking of a small reasoning model. */
const defaultMaxTokens = 800;
const candidates = 3;

export interface PlanInput {
  client: Client;
  prompts: ReadonlyMap<string, Prompt>;
  prices: Prices;
  slot: Slot;
  claim: Pick<Claim, "recentTexts" | "recentLinks">;
  /** Instead of the slot's own topic, so that two versions of a client can be compared. */
  topic?: string;
}

/** What to ask of which models for one slot. Pure: the same slot gives the same prompt and topic on every run. */
export function planWriting(input: PlanInput): WritingPlan | { refused: string } {
  const { client, prices, slot, claim } = input;
  const prompt = pickPrompt(input);
  if (prompt === undefined) return { refused: `none of the prompts of ${client.id} is published` };
  const models = usableModels(client, prompt, prices);
  if ("refused" in models) return models;
  const topic = input.topic ?? pickTopic(client, slot.id);
  const linksAllowed = leavesRoomForLink(client, claim.recentLinks);
  const rendered = renderMessages({
    client,
    prompt,
    slot,
    topic,
    linksAllowed,
    candidates,
    recentTexts: claim.recentTexts,
  });
  if ("refused" in rendered) return rendered;
  const { maxTokens = defaultMaxTokens, ...parameters } = prompt.parameters;
  return {
    slot,
    prompt: prompt.id,
    promptVersion: prompt.version,
    topic,
    messages: rendered,
    parameters,
    models,
    maxTokens,
    candidates,
    maxCompletions: models.length + 1,
    linksAllowed,
  };
}

function pickPrompt({ client, prompts, slot }: PlanInput): Prompt | undefined {
  const published = client.posts.flatMap(({ prompt: id, weight }) => {
    const prompt = prompts.get(id);
    return prompt?.state === "published" && weight > 0 ? [{ prompt, weight }] : [];
  });
  const total = published.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return undefined;
  let left = pickNumber(slot.id, total);
  return published.find(({ weight }) => {
    left -= weight;
    return left < 0;
  })?.prompt;
}

function usableModels(client: Client, prompt: Prompt, prices: Prices): readonly string[] | { refused: string } {
  const allowed = [...new Set(client.models)].filter(
    (model) => prompt.models.length === 0 || prompt.models.includes(model),
  );
  if (allowed.length === 0) return { refused: `prompt ${prompt.id} may run on none of the models of ${client.id}` };
  const priced = allowed.filter((model) => prices.models.has(model));
  if (priced.length === 0) return { refused: `clients/_prices.yaml has no price for ${allowed.join(", ")}` };
  return priced;
}

function leavesRoomForLink({ links }: Client, recentLinks: number): boolean {
  if (links.policy === "budget") return recentLinks < links.maxPerWeek;
  return links.policy === "allow";
}
