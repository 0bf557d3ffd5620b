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
    const before = lastCharacter(haystack.slice(0, at));
    const after = firstCharacter(haystack.slice(at + wanted.length));
    if (!joins(before, firstCharacter(wanted)) && !joins(lastCharacter(wanted), after)) return true;
  }
  return false;
}

function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll("’", "'").replace(/\s+/gu, " ").trim();
}

/** Two word characters side by side are one word, except in scripts that write without spaces. */
function joins(left: string, right: string): boolean {
  const word = /[\p{L}\p{N}\p{M}_]/u;
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
  return word.test(left) && word.test(right) && !unspaced.test(left) && !unspaced.test(right);
}

function firstCharacter(text: string): string {
  return [...text.slice(0, 2)][0] ?? "";
}

function lastCharacter(text: string): string {
  return [...text.slice(-2)].at(-1) ?? "";
}
