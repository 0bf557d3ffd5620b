import { expect, test } from "vitest";
import { brokenRules } from "./broken-rules.ts";

test.for<{ text: string; broken: readonly string[] }>([
  { text: "Tweet: Coffee is ready", broken: ["labels"] },
  { text: "Option 1: Coffee is ready", broken: ["labels"] },
  { text: "Candidate B : Coffee is ready", broken: ["labels"] },
  { text: "Entwurf 2: Kaffee ist fertig", broken: ["labels"] },
  { text: "Sure, here is your post about coffee", broken: ["labels"] },
  { text: "Here's a short tweet about coffee", broken: ["labels"] },
  { text: "1. Coffee is ready", broken: ["labels"] },
  { text: "Two steps.\n1. Grind\n2. Pour", broken: [] },
  { text: "1. Grind\n2. Pour", broken: [] },
  { text: "Text is hard: coffee is not", broken: [] },
  { text: "Post offices close early", broken: [] },
  { text: '"Coffee is ready"', broken: ["quotes"] },
  { text: "„Kaffee ist fertig“", broken: ["quotes"] },
  { text: "«Le café est prêt»", broken: ["quotes"] },
  { text: '"Slow" is not the same as "late"', broken: [] },
  { text: '"Slow down," she said', broken: [] },
  { text: '"', broken: ["not-empty"] },
  { text: "```\nCoffee\n```", broken: ["markdown"] },
  { text: "Coffee is **ready** now", broken: ["markdown"] },
  { text: "# Coffee\nis ready", broken: ["markdown"] },
  { text: "Run `brew` now", broken: ["markdown"] },
  { text: "2 * 3 * 4 is 24, _almost_ always", broken: [] },
  { text: "Read [the guide](here)", broken: ["markdown"] },
  { text: "</details> Coffee", broken: ["markup"] },
  { text: '<img src="x"> Coffee', broken: ["markup"] },
  { text: "::set-output name=a::b", broken: ["markup"] },
  { text: "Fine.\n::error::no", broken: ["markup"] },
  { text: "I <3 coffee, 5 < 7 > 2", broken: [] },
  { text: "Hello {{client}}", broken: ["placeholders"] },
  { text: "Hello [Your Name]", broken: ["placeholders"] },
  { text: "Hello [brand]", broken: ["placeholders"] },
  { text: "Hello <BRAND NAME>", broken: ["markup", "placeholders"] },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the left-over itself
  { text: "Hello ${name}", broken: ["placeholders"] },
  { text: "TODO: write this", broken: ["placeholders"] },
  { text: "They wrote teh [sic] beans", broken: [] },
  { text: "Pages [1] and [2]", broken: [] },
])('"$text" breaks $broken', ({ text, broken }) => {
  expect(brokenRules(text)).toEqual(broken);
});
