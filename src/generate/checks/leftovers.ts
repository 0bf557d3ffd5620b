import type { Rule } from "./rule.ts";

const quotePairs: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["'", "'"],
  ["“", "”"],
  ["„", "“"],
  ["„", "”"],
  ["‘", "’"],
  ["«", "»"],
  ["»", "«"],
  ["「", "」"],
  ["『", "』"],
  ["`", "`"],
];

const label =
  /^(?:(?:the |final |your )?(?:tweet|post|draft|candidate|option|version|variant|variante|text|caption|entwurf|beitrag|vorschlag|publicación|opción|brouillon|publication|proposition|rascunho|bozza|ツイート|推文)s?(?: ?(?:#|no\.? ?)?(?:\d{1,2}|[a-e]))? ?[:：]|(?:sure|certainly|of course|absolutely)[,!.] ?here\b|here(?:['’]s| is| are) (?:a|an|the|your|one|some|\d|three) (?:\p{L}+ ){0,3}(?:tweet|post|option|draft|candidate|version)s?\b|\d{1,2}[.)] (?![\s\S]*\n\d{1,2}[.)] ))/iu;

const markdown = /```|\*\*\S[\s\S]*?\S\*\*|__\S[\s\S]*?\S__|^#{1,6} |\]\(|`[^`\n]+`/mu;
const markup = /<\/?[a-z][a-z0-9-]*(?:\s[^<>]*)?\/?>|<!--|^::[a-z-]+(?: [^\n]*)?::|^##\[/imu;

const placeholder =
  /\{\{[^{}]*\}\}|\$\{[^}]*\}|\[(?!sic\])\p{L}[\p{L}\p{N} _'’/-]{1,40}\](?!\()|<[A-Z][A-Z_ ]{1,30}>|\b(?:lorem ipsum|TODO:|XXX\b)/u;

/** Rules about what a model leaves around the text: labels, quotes, markup, blanks to fill in. */
export const leftoverRules: readonly Rule[] = [
  { name: "labels", check: (text) => (label.test(text) ? "the text starts with a label" : undefined) },
  { name: "quotes", check: (text) => (isQuoted(text) ? "the whole text stands in quotation marks" : undefined) },
  {
    name: "markdown",
    check: (text) => (markdown.test(text) ? "the text has Markdown, which X does not show" : undefined),
  },
  { name: "markup", check: (text) => (markup.test(text) ? "the text has markup or a command" : undefined) },
  {
    name: "placeholders",
    check: (text) => (placeholder.test(text) ? "the text has a placeholder that nobody filled in" : undefined),
  },
];

/** A text that merely begins and ends with two different quotations is not quoted as a whole. */
function isQuoted(text: string): boolean {
  return quotePairs.some(([open, close]) => {
    if (text.length < 2 || !text.startsWith(open) || !text.endsWith(close)) return false;
    const inner = text.slice(open.length, -close.length);
    return open === close ? !inner.includes(open) : !inner.includes(open) && !inner.includes(close);
  });
}
