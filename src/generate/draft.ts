import { createHash } from "node:crypto";
import type { Draft } from "../terms.ts";
import { hasLink } from "./checks/entities.ts";
import type { GenerateInput } from "./session.ts";

/** SHA-256 of a text's UTF-8 bytes, hex. */
export function textHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A draft of exactly this text. Without a model it is one of the client's fallback texts. */
export function makeDraft({ plan }: Pick<GenerateInput, "plan">, text: string, model?: string): Draft {
  return {
    text,
    hash: textHash(text),
    ...(model === undefined ? { source: "fallback" } : { source: "model", model }),
    prompt: plan.prompt,
    promptVersion: plan.promptVersion,
    topic: plan.topic,
    hasLink: hasLink(text),
  };
}
