import twitterText from "twitter-text";
import { expect, test } from "vitest";
import { checkText } from "../../src/generate/checks/check.ts";
import { similarity } from "../../src/generate/checks/similarity.ts";
import { type Assignment, readAssignment, writeTexts } from "../../src/sandbox/model-writer.ts";

const assignment: Assignment = {
  topic: "sourdough starters in winter",
  candidates: 3,
  maxLength: 280,
  linksAllowed: false,
  seed: "seed",
};

function many(count: number, changes: Partial<Assignment> = {}): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    writeTexts({ ...assignment, candidates: 1, seed: `seed ${index}`, ...changes }),
  ).flat();
}

test("the same assignment gives the same texts, another seed gives others", () => {
  expect(writeTexts(assignment)).toEqual(writeTexts({ ...assignment }));
  expect(writeTexts(assignment)).not.toEqual(writeTexts({ ...assignment, seed: "other" }));
  expect(new Set(writeTexts(assignment)).size).toBe(3);
});

test("of 2,000 texts on one topic, fewer than one pair in a thousand is too similar", () => {
  const texts = many(2_000);
  expect(new Set(texts).size).toBe(2_000);
  // Neighbours at 15 distances stand for all two million pairs.
  const pairs = Array.from({ length: 15 }, (_, step) => step * 67 + 1).flatMap((distance) =>
    texts.map((text, index) => [text, texts[(index + distance) % texts.length] ?? ""] as const),
  );
  const tooSimilar = pairs.filter(([left, right]) => similarity(left, right) >= 0.6);
  expect(tooSimilar.length / pairs.length).toBeLessThan(0.001);
});

test("every text names its topic and passes every check", () => {
  const context = { client: { handle: "acme", avoid: [] }, linksAllowed: false, recentTexts: [] };
  for (const text of many(500)) {
    expect(text.toLowerCase()).toContain("sourdough starters in winter");
    expect(checkText(text, context)).toEqual([]);
  }
});

test.for([280, 160, 90, 40])("no text is longer than %i characters", (maxLength) => {
  for (const text of many(200, { maxLength })) {
    expect(twitterText.parseTweet(text).weightedLength).toBeLessThanOrEqual(maxLength);
  }
});

test("links appear only where one is allowed, and then now and again", () => {
  const linked = (texts: readonly string[]) => texts.filter((text) => twitterText.extractUrls(text).length > 0).length;
  expect(linked(many(200))).toBe(0);
  expect(linked(many(200, { linksAllowed: true, maxLength: 1_000 }))).toBeGreaterThan(20);
});

test.for<{ what: string; content: string; read: Partial<Assignment> }>([
  { what: "a topic", content: "Write.\nTopic: old maps.\nMore.", read: { topic: "old maps" } },
  { what: "salient words", content: "Tell us of lighthouses and fog", read: { topic: "lighthouses" } },
  { what: "nothing to go by", content: "Go on", read: { topic: "everyday things" } },
  { what: "a number of candidates", content: "Write 5 candidates.", read: { candidates: 5 } },
  { what: "too many candidates", content: "Write 99 candidates.", read: { candidates: 10 } },
  { what: "a length", content: "At most 120 characters.", read: { maxLength: 120 } },
  { what: "no limits", content: "Go on", read: { maxLength: 280, candidates: 3, linksAllowed: false } },
  { what: "leave for links", content: "A link is allowed where it helps.", read: { linksAllowed: true } },
  { what: "a very long topic", content: `Topic: ${"long ".repeat(40)}`, read: { topic: "long ".repeat(14).trim() } },
  { what: "a topic without spaces", content: `Topic: ${"x".repeat(90)}`, read: { topic: "x".repeat(70) } },
])("an assignment is read from $what", ({ content, read }) => {
  expect(readAssignment([{ role: "user", content }], "m")).toMatchObject(read);
});

test("messages without a user are read as a whole", () => {
  expect(readAssignment([{ role: "system", content: "Lighthouses" }], "m").topic).toBe("lighthouses");
});
