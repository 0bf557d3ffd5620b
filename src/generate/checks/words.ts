import type { Rule } from "./rule.ts";

/** What a model says of itself, or when it declines. Written for whole words, without regard to case. */
const modelTalk: readonly RegExp[] = [
  // "As an AI company, we …" is a client speaking, not a model.
  /\bas an? (?:ai|artificial intelligence)\b(?![ -](?:company|startup|start-up|lab|team|firm|studio|business|vendor|provider))/iu,
  /\bas an? (?:large )?language model\b/iu,
  /\bi(?:['’]m| am) (?:just )?an? (?:ai|(?:large )?language model)\b/iu,
  /\bi(?:['’]m| am) (?:sorry|afraid),? (?:but )?i (?:can['’]?t|cannot|am unable)/iu,
  /\bi (?:can['’]?t|cannot|am unable to) (?:assist|help|fulfil|fulfill|comply|create|generate|write|provide)\b/iu,
  /\bmy (?:knowledge cut-?off|training data)\b/iu,
  /\bals (?:eine? )?(?:ki|künstliche intelligenz|(?:ki-)?sprachmodell)\b/iu,
  /\bals (?:een )?(?:ai|taalmodel)\b/iu,
  /\ben tant qu(?:e |['’])(?:ia|intelligence artificielle|modèle de langage)(?!\p{L})/iu,
  /\bcomo (?:una? |um |uma )?(?:ia|inteligencia artificial|inteligência artificial|modelo de (?:lenguaje|linguagem))(?!\p{L})/iu,
  /\bin quanto (?:ia|intelligenza artificiale|modello linguistico)(?!\p{L})/iu,
  /作为(?:一个|一款)?(?:AI|人工智能|语言模型)/iu,
  /(?:AI|人工知能|言語モデル)(?:アシスタント)?として/iu,
  /एआई (?:मॉडल )?के रूप में/u,
];

/** Rules about what is said: the client's own list, and models that speak of themselves. */
export const wordRules: readonly Rule[] = [
  {
    name: "avoid",
    check: (text, { client }) => {
      const found = client.avoid.find((phrase) => containsPhrase(text, phrase));
      return found === undefined ? undefined : `the text uses "${found}", which this client avoids`;
    },
  },
  {
    name: "model-talk",
    check: (text) =>
      modelTalk.some((pattern) => pattern.test(text)) ? "the text speaks as a language model or declines" : undefined,
  },
];

/** Whole words in any script, without regard to case, accents kept, any run of spaces as one. */
function containsPhrase(text: string, phrase: string): boolean {
  const wanted = fold(phrase);
  if (wanted === "") return false;
  const haystack = fold(text);
  for (let at = haystack.indexOf(wanted); at >= 0; at = haystack.indexOf(wanted, at + 1)) {
    const before = haystack.slice(0, at);
    const after = haystack.slice(at + wanted.length);
    if (!joins(before, wanted) && !joins(wanted, after)) return true;
  }
  return false;
}

function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll("’", "'").replace(/\s+/gu, " ").trim();
}

const wordCharacter = /[\p{L}\p{N}\p{M}_]/u;

/**
 * Scripts that write without spaces, and Hangul, whose particles stand right behind the noun: what touches a phrase says
 * nothing of where its word ends. To find it inside a longer word is the safe side. "ー" belongs to two of them.
 */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Bopomofo}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;

/** Two word characters side by side are one word, except in the scripts above. */
function joins(left: string, right: string): boolean {
  const last = lastBase(left);
  const first = firstCharacter(right);
  return wordCharacter.test(last) && wordCharacter.test(first) && !unspaced.test(last) && !unspaced.test(first);
}

function firstCharacter(text: string): string {
  return [...text.slice(0, 2)][0] ?? "";
}

/** The last character without its marks: the sign that makes a symbol an emoji is a mark, yet belongs to no word. */
function lastBase(text: string): string {
  let end = text.length;
  let last = lastCharacter(text);
  while (/\p{M}/u.test(last)) {
    end -= last.length;
    last = lastCharacter(text.slice(0, end));
  }
  return last;
}

function lastCharacter(text: string): string {
  return [...text.slice(-2)].at(-1) ?? "";
}
