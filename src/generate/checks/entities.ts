import twitterText from "twitter-text";
import type { Rule } from "./rule.ts";

const maxHashtags = 2;
const maxCashtags = 1;

/** Addresses that twitter-text does not see: bare schemes, and top-level domains younger than its list of 2020. */
const moreLinks =
  /https?:\/\/|(?:^|[\s(])(?:www\.)?[\p{L}\p{N}-]+\.(?:amazon|cpa|kids|llp|music|spa)(?![\p{L}\p{N}.])/iu;

/** True when X may charge the price of a post with a URL. Bare domains count, and so do file names such as `README.md`. */
export function hasLink(text: string): boolean {
  return moreLinks.test(text) || twitterText.extractUrls(text).length > 0;
}

/** Rules about links, hashtags, cashtags and mentions, counted the way X counts them. */
export const entityRules: readonly Rule[] = [
  {
    name: "links",
    check: (text, { linksAllowed }) =>
      linksAllowed || !hasLink(text)
        ? undefined
        : "the text has a link or something X reads as one, and none is allowed",
  },
  {
    name: "hashtags",
    check: (text) => tooMany(twitterText.extractHashtags(text).length, maxHashtags, "hashtags"),
  },
  {
    name: "cashtags",
    check: (text) => tooMany(twitterText.extractCashtags(text).length, maxCashtags, "cashtags"),
  },
  {
    name: "mentions",
    check: (text, { client }) => {
      const own = client.handle.replace(/^@/, "").toLowerCase();
      // `extractMentions` leaves out names that a slash follows, which is how X writes lists and npm its scopes.
      const named = twitterText.extractMentionsOrListsWithIndices(text);
      const others = named.filter(({ screenName }) => screenName.toLowerCase() !== own);
      return others.length === 0 ? undefined : "the text mentions another account";
    },
  },
];

function tooMany(count: number, most: number, what: string): string | undefined {
  return count > most ? `the text has ${count} ${what}; ${most} is the most` : undefined;
}
