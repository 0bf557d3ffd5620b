import type { Rule } from "./rule.ts";

/** The ledger compares across clients with the same measure and the same threshold. */
export const similarityThreshold = 0.6;

/**
 * Share of three-letter groups that two texts have in common, 0 to 1. The same measure as Postgres' pg_trgm:
 * lower-cased words, two spaces before each and one after, sets of groups, intersection over union.
 */
export function similarity(left: string, right: string): number {
  const a = trigrams(left);
  const b = trigrams(right);
  if (a.size === 0 || b.size === 0) return 0;
  const shared = a.intersection(b).size;
  return shared / (a.size + b.size - shared);
}

function trigrams(text: string): Set<string> {
  const groups = new Set<string>();
  for (const [word] of text
    .normalize("NFC")
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    const letters = [..."  ", ...word, " "];
    for (let at = 0; at + 3 <= letters.length; at += 1) groups.add(letters.slice(at, at + 3).join(""));
  }
  return groups;
}

/** One rule: the client does not repeat itself. Other clients' posts are compared by the ledger. */
export const similarityRules: readonly Rule[] = [
  {
    name: "own-repetition",
    check: (text, { recentTexts }) => {
      const repeats = recentTexts.some((recent) => recent === text || similarity(recent, text) >= similarityThreshold);
      return repeats ? "the text is too similar to one of this account's recent posts" : undefined;
    },
  },
];
