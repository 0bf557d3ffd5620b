import { createHash } from "node:crypto";
import twitterText from "twitter-text";
import { closings, middles, openings } from "./model-grammar.ts";
import { fillers } from "./model-words.ts";

/** What the sandbox model understood of a prompt. */
export interface Assignment {
  topic: string;
  candidates: number;
  maxLength: number;
  linksAllowed: boolean;
  /** Anything that should lead to another text. */
  seed: string;
}

/** Numbers that look random and are the same for the same seed. */
type Draw = (below: number) => number;

const maxTopicLength = 70;

/** Finds the assignment in the messages: a line `Topic: …`, else the longest words of the last user message. */
export function readAssignment(messages: readonly { role: string; content: string }[], model: string): Assignment {
  const all = messages.map(({ content }) => content).join("\n");
  const user = messages.findLast(({ role }) => role === "user")?.content ?? all;
  const topic = /^[ \t]*Topic:[ \t]*(\S.*)$/im.exec(all)?.[1] ?? salientWords(user);
  return {
    topic: shorten(topic.trim().replace(/[.!?]+$/, ""), maxTopicLength),
    candidates: Math.min(Number(/write (\d{1,2}) candidates/i.exec(all)?.[1] ?? 3), 10),
    maxLength: Number(/at most (\d{2,4}) characters/i.exec(all)?.[1] ?? 280),
    linksAllowed: /link is allowed/i.test(all) && !/no links/i.test(all),
    seed: createHash("sha256")
      .update(JSON.stringify([model, messages]))
      .digest("hex"),
  };
}

/** As many texts as asked for: plausible, varied, never over the length, and the same for the same messages. */
export function writeTexts(assignment: Assignment): readonly string[] {
  return Array.from({ length: assignment.candidates }, (_, index) => writeText(assignment, index));
}

function writeText({ topic, maxLength, linksAllowed, seed }: Assignment, index: number): string {
  const draw = drawFrom(`${seed}/${index}`);
  const [first, second] = twoOf(middles, draw);
  const sentences = [pick(openings, draw), first, second, pick(closings, draw)].map((pattern) =>
    fill(pattern, topic, draw),
  );
  // The closing goes first, then the middle: an opening alone is still a post.
  while (sentences.length > 1 && weight(sentences.join(" ")) > maxLength) sentences.splice(-2, 1);
  const text = cut(sentences.join(" "), maxLength);
  const link = ` https://example.com/notes/${draw(9_000) + 1_000}`;
  return linksAllowed && draw(5) === 0 && weight(text + link) <= maxLength ? text + link : text;
}

function fill(pattern: string, topic: string, draw: Draw): string {
  const sentence = pattern.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === "topic" ? topic : pick(fillers[name] ?? [name], draw),
  );
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function twoOf(list: readonly string[], draw: Draw): readonly [string, string] {
  const first = draw(list.length);
  const second = (first + 1 + draw(list.length - 1)) % list.length;
  return [list[first] ?? "", list[second] ?? ""];
}

function pick(list: readonly string[], draw: Draw): string {
  return list[draw(list.length)] ?? "";
}

function drawFrom(seed: string): Draw {
  let count = 0;
  return (below) => {
    count += 1;
    return createHash("sha256").update(`${seed}/${count}`).digest().readUInt32BE() % below;
  };
}

function salientWords(text: string): string {
  const words = [...new Set(text.match(/\p{L}{5,}/gu) ?? [])];
  const longest = words.sort((left, right) => right.length - left.length).slice(0, 2);
  return longest.join(" and ").toLowerCase() || "everyday things";
}

function weight(text: string): number {
  return twitterText.parseTweet(text).weightedLength;
}

function cut(text: string, maxLength: number): string {
  let words = text.split(" ");
  while (words.length > 1 && weight(words.join(" ")) > maxLength) words = words.slice(0, -1);
  return words.join(" ");
}

function shorten(text: string, length: number): string {
  return text.length <= length
    ? text
    : text.slice(0, text.lastIndexOf(" ", length) > 0 ? text.lastIndexOf(" ", length) : length);
}
