import twitterText from "twitter-text";
import { modelCost, usageBound } from "../gate/cost.ts";
import { generateDraft } from "../generate/generate.ts";
import { planWriting } from "../generate/plan.ts";
import type { Model } from "../ports.ts";
import type { Client, Slot, Workspace, WritingPlan } from "../terms.ts";
import type { SampleText } from "./document.ts";

export interface Side {
  client: Client;
  workspace: Workspace;
}

/** What would be asked for a slot; there is no ledger here, so the client's earlier posts are not known. */
export function planSample({ client, workspace }: Side, slot: Slot, topic?: string): WritingPlan | { refused: string } {
  const { prompts, prices } = workspace;
  const claim = { recentTexts: [], recentLinks: 0 };
  return planWriting({ client, prompts, prices, slot, claim, ...(topic !== undefined && { topic }) });
}

/** One text as a tick would write it: the same prompt, topic, checks and repair, and nothing stored or sent. */
export async function writeSample(
  { client, workspace }: Side,
  plan: WritingPlan,
  { model, now }: { model: Model; now: Date },
): Promise<SampleText> {
  const written = await generateDraft(
    { client, plan, claim: { recentTexts: [], recentFallbacks: [] }, now },
    {
      complete: model.complete,
      moderate: model.moderate,
      take: async () => ({ allowed: true }),
      store: async (candidates) => ({ ...(candidates.length > 0 && { stored: 0 }), similarTo: [] }),
      cost: (name, usage) => modelCost(name, usage, workspace.prices),
      bound: usageBound,
    },
  );
  if (written.kind !== "draft") return { refused: written.reason };
  const { draft, spent, checks } = written;
  const { postUsd, postWithUrlUsd } = workspace.prices.x;
  return {
    text: draft.text,
    topic: draft.topic,
    prompt: draft.prompt,
    promptVersion: draft.promptVersion,
    ...(draft.model !== undefined && { model: draft.model }),
    weightedLength: twitterText.parseTweet(draft.text).weightedLength,
    refusedCandidates: checks.filter(({ failures }) => failures.length > 0).length,
    modelUsd: spent.usd,
    xUsd: draft.hasLink ? postWithUrlUsd : postUsd,
  };
}
