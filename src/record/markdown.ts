import type { Heading, Link, List, ListItem, Paragraph, PhrasingContent, Table, TableCell, Text } from "mdast";
import { shortened } from "./visible.ts";

/** The first part of what GitHub turns into a link or a picture: @name, a@b.c, #12, GH-12, x://, www., :tada:, :100:. */
const linkified = /@(?=\w)|#(?=\d)|\bGH-(?=\d)|:(?=\/\/)|www(?=\.)|:(?=(?:[+-]1|100|1234|[a-z][\w+-]*):)/gi;

/**
 * Untrusted text as a text node, shortened to `maxGraphemes`. GitHub looks for mentions, addresses, issue numbers and
 * emoji codes after Markdown is done, where no escape counts any more: an invisible word joiner parts them.
 */
export function text(value: string, maxGraphemes = 300): Text {
  return { type: "text", value: shortened(value, maxGraphemes).replace(linkified, "$&\u2060") };
}

export function paragraph(...children: PhrasingContent[]): Paragraph {
  return { type: "paragraph", children };
}

export function heading(words: string): Heading {
  return { type: "heading", depth: 3, children: [{ type: "text", value: words }] };
}

export function link(url: string, words: string): Link {
  return { type: "link", url, children: [{ type: "text", value: words }] };
}

/** A list with one sentence per item. */
export function list(items: readonly string[]): List {
  const children = items.map(
    (item): ListItem => ({ type: "listItem", spread: false, children: [paragraph(text(item))] }),
  );
  return { type: "list", ordered: false, spread: false, children };
}

/** A table; columns whose title ends in `:` hold numbers and stand right. */
export function table(titles: readonly string[], rows: readonly (readonly PhrasingContent[])[]): Table {
  const head = titles.map((title): PhrasingContent => ({ type: "text", value: title.replace(/:$/, "") }));
  return {
    type: "table",
    align: titles.map((title) => (title.endsWith(":") ? "right" : null)),
    children: [head, ...rows].map((cells) => ({ type: "tableRow", children: cells.map(toCell) })),
  };
}

function toCell(content: PhrasingContent): TableCell {
  return { type: "tableCell", children: [content] };
}
