/** What a reader can't see, or what reorders the text around it. */
const invisible = String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]`;

/** Whole emoji and Han variants first, so that the joiners and selectors inside them stay. */
const emojiOrInvisible = String.raw`\p{RGI_Emoji}|\p{Emoji}[\uFE0E\uFE0F]|\p{Script=Han}\p{Variation_Selector}|(?<hidden>${invisible})`;

/** Printable ASCII, and what a summary with nothing in it has. */
const everyday = /^(?:[ -~·]|💤)*$/;

// Made when first used: each takes longer than the rest of a summary with nothing in it.
let anyInvisible: RegExp | undefined;
let hidden: RegExp | undefined;
let graphemes: Intl.Segmenter | undefined;

/** The longest emoji, two people kissing with skin tones, takes 15 code units. */
const maxEmojiLength = 16;

/** One line in which everything shows: line breaks become spaces, invisible characters visible escapes as `\u202e`. */
export function visible(text: string): string {
  const line = text.replace(/[ \t\r\n]+/g, " ").trim();
  if (everyday.test(line)) return line;
  // Matching emoji is slow, and nearly every text has nothing to hide.
  anyInvisible ??= new RegExp(invisible, "v");
  if (!anyInvisible.test(line)) return line;
  hidden ??= new RegExp(emojiOrInvisible, "gv");
  return line.replace(hidden, (match, found: string | undefined) => (found ? escaped(found) : match));
}

/** The same, cut to `maxGraphemes` as a reader counts characters, with `…` where something is left out. */
export function shortened(text: string, maxGraphemes: number): string {
  if (text.length <= maxGraphemes) return visible(text);
  // One grapheme may hold any number of combining marks: code units are bounded too, and before any other work.
  const head = text.slice(0, maxGraphemes * maxEmojiLength);
  graphemes ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  const kept = [...graphemes.segment(head)].slice(0, maxGraphemes).map(({ segment }) => segment);
  const start = kept.join("");
  if (start.length === text.length) return visible(text);
  return `${visible(start.replace(/[\uD800-\uDBFF]$/, ""))}…`;
}

/**
 * A line that is safe to print where GitHub's runner reads along: it takes `##[command]` anywhere in a line, and
 * `::command::` at its start, as its own (actions/runner, ActionCommand.cs).
 */
export function printable(line: string): string {
  return line.replaceAll("##[", "##\\u005b").replace(/^(\s*):(?=:)/, "$1\\u003a");
}

/** Postgres takes neither NUL nor half a surrogate pair in JSON, and what can't be stored is lost. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}

function escaped(character: string): string {
  const hex = Number(character.codePointAt(0)).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
