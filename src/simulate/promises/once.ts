import { counted } from "../../record/format.ts";
import type { Check } from "./verdict.ts";

/** 1. A slot has at most one post on X, also where the answer to a send was lost. */
export const checkOnce: Check = ({ posts, intents }) => {
  const bySlot = Map.groupBy(posts, ({ slot }) => slot);
  const broken = [...bySlot].flatMap(([slot, twins]) => {
    if (slot === undefined || twins.length < 2) return [];
    return [`${slot} has ${twins.length} posts: ${twins.map(({ id }) => id).join(", ")}`];
  });
  return { looked: `posts on X, of ${counted(intents.length, "send")}`, cases: posts.length, broken };
};
