import twitterText from "twitter-text";
import type { Rule } from "./rule.ts";

/** Weighted characters of one post on an account without Premium: https://docs.x.com/fundamentals/counting-characters */
export const maxWeightedLength = 280;

/** Control characters other than the line feed, private-use characters, and every bidi mark that can reorder text. */
const controls = /(?!\n)[\p{Cc}\p{Co}\p{Cs}\u202A-\u202E\u2066-\u2069\u2028\u2029\uFFFE\uFFFF]/u;
/** Characters that show nothing and only serve to hide or split words. */
const invisible =
  /\u034F|[\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B\u2060-\u2065\u206A-\u206F\u3164\uFEFF\uFFA0]/u;
/** Joiners are needed in emoji and in Arabic or Indic words; after a letter of these scripts they only hide something. */
const strayJoiner =
  /(?:^|[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Han}\p{Nd}\p{P}\s])[\u200C\u200D]/u;
/** Left-to-right and right-to-left marks belong in right-to-left text only. */
const directionMark = /[\u200E\u200F]/u;
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;
/** Flags of regions (England, Wales …) are the one honest use of tag characters. */
const regionFlag = /\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}/gu;
const tagCharacter = /[\u{E0000}-\u{E007F}]/u;

/** Rules about the text as a whole: something to say, not too long, nothing hidden. */
export const shapeRules: readonly Rule[] = [
  {
    name: "not-empty",
    check: (text) => (/[\p{L}\p{N}]/u.test(text) ? undefined : "the text has no words"),
  },
  { name: "length", check: checkLength },
  { name: "characters", check: checkCharacters },
];

function checkLength(text: string): string | undefined {
  const { weightedLength } = twitterText.parseTweet(text);
  if (weightedLength <= maxWeightedLength) return undefined;
  return `the text has ${weightedLength} characters as X counts them; ${maxWeightedLength} is the most`;
}

function checkCharacters(text: string): string | undefined {
  if (!text.isWellFormed()) return "the text has a broken character";
  if (controls.test(text)) return "the text has control characters";
  const hidden =
    invisible.test(text) ||
    strayJoiner.test(text) ||
    tagCharacter.test(text.replace(regionFlag, "")) ||
    (directionMark.test(text) && !rightToLeft.test(text));
  return hidden ? "the text has invisible characters" : undefined;
}
