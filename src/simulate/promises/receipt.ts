import type { Explanation } from "../../levers.ts";
import type { Check } from "./verdict.ts";

/** 10. Every post leads back to its slot, run, commit, prompt version, model, checks, cost and lateness. */
export const checkReceipts: Check = ({ posts, receipts }) => {
  const broken = posts.flatMap(({ id, slot }) => {
    const missing = slot === undefined ? ["slot"] : missingIn(receipts.get(slot), id);
    return missing.length === 0 ? [] : [`${slot ?? `post ${id}`}: the receipt has no ${missing.join(", ")}`];
  });
  return { looked: "posts on X", cases: posts.length, broken };
};

function missingIn(explained: Explanation | undefined, postId: string): readonly string[] {
  if (explained === undefined) return ["slot"];
  const { post, run, draft, receipt, modelUsd, xUsd, plannedAt } = explained;
  const {
    run: writer,
    prompt,
    checks,
  } = Object(receipt) as Partial<Record<"run" | "prompt", Record<string, unknown>> & { checks: unknown[] }>;
  const parts: readonly (readonly [name: string, isThere: boolean])[] = [
    ["post", post?.id === postId],
    ["run", run !== undefined],
    ["commit", typeof writer?.commit === "string"],
    ["prompt version", typeof prompt?.version === "string"],
    ["model", draft !== undefined && (draft.source === "fallback" || draft.model !== undefined)],
    ["checks", Array.isArray(checks) && checks.length > 0],
    ["cost", modelUsd + xUsd > 0],
    ["lateness", post !== undefined && post.postedAt >= plannedAt],
  ];
  return parts.filter(([, isThere]) => !isThere).map(([name]) => name);
}
