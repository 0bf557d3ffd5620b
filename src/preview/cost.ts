import { worstCase } from "../gate/cost.ts";
import type { Client, Prices, WritingPlan } from "../terms.ts";
import type { MonthCost, SampleText, WrittenSample } from "./document.ts";

const monthDays = 30;

/**
 * What a client costs in 30 days: its slots by what its samples cost, or by the worst case where no sample was written,
 * and X's price with as few and as many links as its rules allow.
 */
export function monthCost(input: {
  client: Client;
  prices: Prices;
  /** Slots that the schedule owes in 30 days. */
  slots: number;
  samples: readonly SampleText[];
  /** Any plan of this client, for the worst case. */
  plan: WritingPlan | undefined;
}): MonthCost {
  const { client, prices, slots, samples, plan } = input;
  const posts = Math.min(slots, client.limits.postsPerDay * monthDays);
  const written = samples.flatMap((sample) => ("text" in sample && sample.model !== undefined ? [sample] : []));
  const modelIsWorstCase = written.length === 0;
  const worstUsd = plan === undefined ? 0 : worstCase(plan, prices).modelUsd;
  const perPostUsd = modelIsWorstCase ? worstUsd : averageUsd(client, written);
  const withLink = Math.min(posts, mostLinks(client, posts));
  const { postUsd, postWithUrlUsd } = prices.x;
  return {
    posts,
    modelUsd: posts * perPostUsd,
    modelIsWorstCase,
    xUsd: posts * postUsd,
    xMostUsd: (posts - withLink) * postUsd + withLink * postWithUrlUsd,
  };
}

/** Each prompt by its own samples and its weight; one without a sample costs what the others cost. */
function averageUsd({ posts }: Client, written: readonly WrittenSample[]): number {
  const all = mean(written.map(({ modelUsd }) => modelUsd));
  const totalWeight = posts.reduce((sum, { weight }) => sum + weight, 0);
  const weighted = posts.map(({ prompt, weight }) => {
    const own = written.filter((sample) => sample.prompt === prompt).map(({ modelUsd }) => modelUsd);
    return weight * (own.length === 0 ? all : mean(own));
  });
  return totalWeight === 0 ? all : weighted.reduce((sum, usd) => sum + usd, 0) / totalWeight;
}

function mostLinks({ links }: Client, posts: number): number {
  if (links.policy === "deny") return 0;
  return links.policy === "allow" ? posts : Math.ceil((links.maxPerWeek * monthDays) / 7);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
