import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeInvisible, neutraliseCommands } from "../../src/vendors/actions.ts";

/** The runner's own reading of a line, after actions/runner src/Runner.Common/ActionCommand.cs. */
function asTheRunnerReads(line: string): { name: string; data: string } | undefined {
  const double = /^[\s\u0085]*::([^ :]+)(?: .*?)?::(.*)$/su.exec(line);
  if (double !== null) return { name: double[1] ?? "", data: double[2] ?? "" };
  const old = /##\[([^ \]]+)[^\]]*\](.*)/su.exec(line);
  return old === null ? undefined : { name: old[1] ?? "", data: old[2] ?? "" };
}

test.for([
  "::error::x",
  "   ::add-mask::x",
  "\t\u00a0\u0085\ufeff::set-output name=a::x",
  ":::error::x",
  "said ##[error]x",
  "####[warning]x",
  "first\n::error::second",
  "first\r::error::second",
])("the line %j commands nothing once neutralised", (line) => {
  const readsAs = (text: string) => text.split(/\r\n|\r|\n/).map(asTheRunnerReads);
  expect(readsAs(line).some((read) => read !== undefined) || line.startsWith(":::")).toBe(true);
  expect(readsAs(neutraliseCommands(line)).every((read) => read === undefined)).toBe(true);
});

test.for(["a::b", "12:30: lunch", "##", "[x]", "😀 : :"])("the innocent line %j is left as it is", (line) => {
  expect(neutraliseCommands(line)).toBe(line);
});

test("no text commands the runner once neutralised", () => {
  const piece = fc.constantFrom(":", "::", "##[", "#", "[", "error", "::error::", " ", "\n", "\r", "\u0085", "]", "x");
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join("")),
      (text) => {
        const lines = neutraliseCommands(text).split(/\r\n|\r|\n/);
        expect(lines.map(asTheRunnerReads).filter((read) => read !== undefined)).toEqual([]);
      },
    ),
    { numRuns: 2000 },
  );
});

test.for([
  { text: "a\u001b[31mb", escaped: "a\\u001b[31mb" },
  { text: "one\r\ntwo\ttabs\u2028x", escaped: "one\\u000d\\u000atwo\\u0009tabs\\u2028x" },
  { text: "abc\u202egpj.exe\u2066", escaped: "abc\\u202egpj.exe\\u2066" },
  { text: "👩‍🔧 naïve 日本", escaped: "👩‍🔧 naïve 日本" },
  { text: "half \ud83d", escaped: "half \ufffd" },
])("$escaped shows what can't be seen, and emoji stay", ({ text, escaped }) => {
  expect(escapeInvisible(text)).toBe(escaped);
});
