import fc from "fast-check";
import { expect, test } from "vitest";
import { Lexer } from "yaml";
import { fixText } from "../../src/clients/fix.ts";
import { parseYaml } from "../../src/clients/yaml.ts";
import { withMistakes } from "./mistakes.ts";

const fix = (text: string) => fixText("clients/acme.yaml", text);
const comments = (text: string) => [...new Lexer().lex(text)].filter((token) => token.startsWith("#"));

test("comments, layout and every line without a mistake survive, and a second run finds nothing to do", () => {
  let repaired = 0;
  fc.assert(
    fc.property(withMistakes, (text) => {
      const fixed = fix(text);
      repaired += fixed.repairs.length;
      expect(fix(fixed.text)).toEqual({ text: fixed.text, repairs: [] });
      expect(comments(fixed.text)).toEqual(comments(text));
      const [before, after] = [text.split("\n"), fixed.text.split("\n")];
      expect(after).toHaveLength(before.length);
      const touched = new Set(fixed.repairs.map(({ line }) => line - 1));
      expect(after.filter((line, index) => line !== before[index] && !touched.has(index))).toEqual([]);
      // What is made of it is still YAML where it was before.
      if (parseYaml(text).ok) expect(parseYaml(fixed.text).ok).toBe(true);
    }),
    { numRuns: 200 },
  );
  expect(repaired).toBeGreaterThan(100);
});

test("whatever the text, mending ends, breaks no YAML and is done after one run", () => {
  const pieces = fc.constantFrom(
    "handle: @a\n",
    "timezone: utc\n",
    "schedule:\n  days: [sun, mon]\n",
    "nmae: x\n",
    "# c\n",
    "- ",
    "&a ",
    "*a\n",
    "{",
    "}",
    "'",
    "\t",
    ": ",
    "\ufeff",
    "\r\n",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 6 })), { maxLength: 12 }), (parts) => {
      const fixed = fix(parts.join(""));
      expect(fix(fixed.text).repairs).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
