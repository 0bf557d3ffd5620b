import type { Rule } from "./rule.ts";

/** The ledger compares across clients with the same measure and the same threshold. */
export const similarityThreshold = 0.6;

/**
 * Share of three-letter groups that two texts have in common, 0 to 1. The same measure as Postgres' pg_trgm:
 * lower-cased words, two spaces before each and one after, sets of groups, intersection over union.
 */
export function similarity(left: string, right: string): number {
  return shareOf(trigrams(left), trigrams(right));
}

function shareOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  const shared = a.intersection(b).size;
  return shared / (a.size + b.size - shared);
}

function trigrams(text: string): ReadonlySet<string> {
  const groups = new Set<string>();
  for (const [word] of text
    .normalize("NFC")
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    const padded = `  ${word} `;
    // A letter outside of the basic plane is two units and must stay whole.
    const letters = /[\ud800-\udfff]/.test(word) ? [...padded] : padded;
    for (let at = 0; at + 3 <= letters.length; at += 1) {
      const group = letters.slice(at, at + 3);
      groups.add(typeof group === "string" ? group : group.join(""));
    }
  }
  return groups;
}

/** A slot's candidates are all compared with the same fifty texts, whose groups are taken apart once. */
const taken = new WeakMap<readonly string[], readonly { text: string; groups: ReadonlySet<string> }[]>();

function takenApart(texts: readonly string[]): readonly { text: string; groups: ReadonlySet<string> }[] {
  const known = taken.get(texts) ?? texts.map((text) => ({ text, groups: trigrams(text) }));
  taken.set(texts, known);
  return known;
}

/** One rule: the client does not repeat itself. Other clients' posts are compared by the ledger. */
export const similarityRules: readonly Rule[] = [
  {
    name: "own-repetition",
    check: (text, { recentTexts }) => {
      const own = trigrams(text);
      const repeats = takenApart(recentTexts).some(
        (recent) => recent.text === text || shareOf(recent.groups, own) >= similarityThreshold,
      );
      return repeats ? "the text is too similar to one of this account's recent posts" : undefined;
    },
  },
];
