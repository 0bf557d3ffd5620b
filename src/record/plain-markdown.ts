import type { List, RootContent } from "mdast";

/**
 * The Markdown of headings, paragraphs and lists in which no character could be taken for more than itself; undefined
 * where one could: then the printer decides. What it would print is the same, and loading it takes 15 ms.
 */
export function plainMarkdown(nodes: readonly RootContent[]): string | undefined {
  const blocks = nodes.map((node, index) => plainBlock(node, nodes[index - 1]));
  return blocks.includes(undefined) ? undefined : `${blocks.join("\n\n")}\n`;
}

function plainBlock(node: RootContent, before: RootContent | undefined): string | undefined {
  if (node.type === "paragraph") return plainWords(node.children);
  if (node.type === "heading") return prefixed("#".repeat(node.depth), plainWords(node.children));
  // Two lists in a row would become one.
  return node.type === "list" && before?.type !== "list" ? plainList(node) : undefined;
}

function plainList({ ordered, spread, children }: List): string | undefined {
  if (ordered || spread || children.length === 0) return undefined;
  const items = children.map(({ children: [only, ...more] }) =>
    only?.type === "paragraph" && more.length === 0 ? prefixed("-", plainWords(only.children)) : undefined,
  );
  return items.includes(undefined) ? undefined : items.join("\n");
}

function prefixed(sign: string, words: string | undefined): string | undefined {
  return words === undefined ? undefined : `${sign} ${words}`;
}

/**
 * Letters of English, numbers and the signs of plain sentences, beginning with none that could begin a list. A dot stands at an end
 * or in a number, and not after a `w`: `www.` begins a link. A dollar sign stands after a space, where no formula ends.
 */
const plain = /^(?:[a-z]|💤)[a-z0-9·,;%+-]*(?:(?:(?<!w)\.(?=[ \d]|$)|:(?=[ \d]|$)| \$?)[a-z0-9·,;%+-]*)*$/i;

function plainWords([only, ...more]: readonly { type: string; value?: string }[]): string | undefined {
  if (only?.type !== "text" || only.value === undefined || more.length > 0) return undefined;
  return plain.test(only.value) && !only.value.endsWith(" ") ? only.value : undefined;
}
