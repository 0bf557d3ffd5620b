import { createHash } from "node:crypto";
import twitterText from "twitter-text";

interface Span {
  start: number;
  end: number;
}

/** Entities of a post's text, with indices in code points of the text that stands beside them. */
interface XEntities {
  urls?: (Span & { url: string; expanded_url: string; display_url: string })[];
  hashtags?: (Span & { tag: string })[];
  cashtags?: (Span & { tag: string })[];
  mentions?: (Span & { username: string })[];
}

export interface WireText {
  text: string;
  entities: XEntities;
}

/** Characters that an account may post, as twitter-text weighs them: https://docs.x.com/fundamentals/counting-characters */
export function isTooLong(text: string, premium: boolean): boolean {
  return twitterText.parseTweet(text).weightedLength > (premium ? 25_000 : 280);
}

export function cashtagCount(text: string): number {
  return twitterText.extractCashtags(text).length;
}

/** A text as X's timeline returns it: links behind t.co, and `&`, `<`, `>` as HTML entities. */
export function wireText(text: string): WireText {
  const entities: XEntities = {};
  let wire = "";
  let from = 0;
  for (const { url, indices } of twitterText.extractUrlsWithIndices(text)) {
    wire += escaped(text.slice(from, indices[0]));
    from = indices[1];
    const short = shortened(url);
    const span = { start: codePoints(wire), end: codePoints(wire + short) };
    wire += short;
    const bare = url.replace(/^https?:\/\//i, "");
    const expanded = bare === url ? `http://${url}` : url;
    entities.urls = [...(entities.urls ?? []), { ...span, url: short, expanded_url: expanded, display_url: bare }];
  }
  wire += escaped(text.slice(from));
  return { text: wire, entities: { ...entities, ...tagsOf(wire) } };
}

function tagsOf(wire: string): XEntities {
  const spanOf = (indices: [number, number]): Span => ({
    start: codePoints(wire.slice(0, indices[0])),
    end: codePoints(wire.slice(0, indices[1])),
  });
  const hashtags = twitterText.extractHashtagsWithIndices(wire);
  const cashtags = twitterText.extractCashtagsWithIndices(wire);
  const mentions = twitterText.extractMentionsWithIndices(wire);
  return {
    ...(hashtags.length > 0 && { hashtags: hashtags.map((one) => ({ ...spanOf(one.indices), tag: one.hashtag })) }),
    ...(cashtags.length > 0 && { cashtags: cashtags.map((one) => ({ ...spanOf(one.indices), tag: one.cashtag })) }),
    ...(mentions.length > 0 && {
      mentions: mentions.map((one) => ({ ...spanOf(one.indices), username: one.screenName })),
    }),
  };
}

function shortened(url: string): string {
  const digest = createHash("sha256").update(url).digest("base64");
  return `https://t.co/${digest.replace(/\W/g, "").slice(0, 10)}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function codePoints(text: string): number {
  return [...text].length;
}
