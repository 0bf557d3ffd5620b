import { type Prompt, promptVariables, type Source } from "../terms.ts";
import type { PromptFile } from "./files.ts";
import { type Finding, fault, preview } from "./finding.ts";
import { suggest } from "./names.ts";

/** A prompt as the stages use it. */
export function normalisePrompt({ id, file, source }: { id: string; file: PromptFile; source: Source }): Prompt {
  const { temperature, topP, maxTokens, maxCompletionTokens } = file.modelParameters ?? {};
  const limit = maxTokens ?? maxCompletionTokens;
  return {
    id,
    version: file.version,
    state: file.state,
    title: file.title,
    models: file.models ?? [],
    messages: file.messages,
    parameters: {
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(limit !== undefined && { maxTokens: limit }),
    },
    source,
  };
}

/** What is wrong in a prompt beyond its schema. */
export function promptFileFindings(file: PromptFile): readonly Finding[] {
  const unknown = file.messages.flatMap(({ content }, index) =>
    unknownVariables(content).map((name) => {
      const message = `the variable {{${preview(name).slice(1, -1)}}} is unknown`;
      const hint = suggest(name, promptVariables, `use one of ${promptVariables.join(", ")}`);
      return fault(["messages", index, "content"], message, hint);
    }),
  );
  const { maxTokens, maxCompletionTokens } = file.modelParameters ?? {};
  if (maxTokens === undefined || maxCompletionTokens === undefined) return unknown;
  const path = ["modelParameters", "maxCompletionTokens"];
  return [...unknown, fault(path, "maxTokens and maxCompletionTokens mean the same", "keep one of the two")];
}

function unknownVariables(content: string): readonly string[] {
  const known: readonly string[] = promptVariables;
  const used = [...content.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name = ""]) => name.trim());
  return [...new Set(used)].filter((name) => !known.includes(name));
}
