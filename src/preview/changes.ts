import type { Client, Prompt, Workspace } from "../terms.ts";
import type { Change } from "./document.ts";
import { dollarsOf, samePrompt, type TouchedClient } from "./touched.ts";

/** What reads differently for a client, field by field: its own fields, its prompts, the prices it pays. */
export function describeChanges(
  { before, after }: Pick<TouchedClient, "before" | "after">,
  base: Workspace,
  head: Workspace,
): readonly Change[] {
  if (before === undefined || after === undefined) return [];
  return [
    ...fieldChanges("", clientFields(before), clientFields(after)),
    ...promptChanges(before, after, base, head),
    ...priceChanges([...new Set([...before.models, ...after.models])], base, head),
  ];
}

/** A ciphertext tells a reader nothing but that it is another one. */
function clientFields({ source: _, sealed, ...fields }: Client): object {
  return { ...fields, credentials: sealed === undefined ? "none" : "sealed" };
}

function promptChanges(before: Client, after: Client, base: Workspace, head: Workspace): readonly Change[] {
  const ids = new Set([...before.posts, ...after.posts].map(({ prompt }) => prompt));
  return [...ids].flatMap((id) => {
    const [old, now] = [base.prompts.get(id), head.prompts.get(id)];
    return samePrompt(old, now) ? [] : fieldChanges(`prompt ${id}`, promptFields(old), promptFields(now));
  });
}

function promptFields(prompt: Prompt | undefined): object {
  if (prompt === undefined) return {};
  const { source: _, id: __, messages, ...fields } = prompt;
  const texts = messages.map(({ role, content }, index) => [`message ${index + 1} (${role})`, content] as const);
  return { ...fields, ...Object.fromEntries(texts) };
}

function priceChanges(models: readonly string[], base: Workspace, head: Workspace): readonly Change[] {
  return [
    ...models.flatMap((model) => fieldChanges(`price of ${model}`, dollarsOf(base, model), dollarsOf(head, model))),
    ...fieldChanges("price on X", base.prices.x, head.prices.x),
  ];
}

function fieldChanges(prefix: string, before: object, after: object): Change[] {
  const [old, now] = [flatten(before), flatten(after)];
  const names = new Set([...old.keys(), ...now.keys()]);
  return [...names].flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) return [];
    const what = [prefix, name].filter(Boolean).join(": ");
    return [{ what, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

/** Fields by their dotted names. A list of plain values is one value, so that an added topic is one change. */
function flatten(value: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, child] of Object.entries(value)) {
    const name = path === "" ? key : `${path}.${key}`;
    if (child === undefined) continue;
    if (Array.isArray(child)) found.set(name, child.map(asText).join(", "));
    else if (typeof child === "object" && child !== null) for (const entry of flatten(child, name)) found.set(...entry);
    else found.set(name, String(child));
  }
  return found;
}

function asText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.values(value).map(String).join(" × ");
}
