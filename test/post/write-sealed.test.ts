import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { UserError } from "../../src/errors.ts";
import { writeSealed } from "../../src/post/write-sealed.ts";

const armoured = "-----BEGIN AGE ENCRYPTED FILE-----\nbmV3\nbGluZQ==\n-----END AGE ENCRYPTED FILE-----\n";
/** The armour as it stands under a key that is indented by two. */
const block = armoured.replace(/^(?=.)/gm, "    ");
const added = `credentials:\n  sealed: |\n${block}`;

describe("the block is put in", () => {
  test.for([
    { where: "at the end, when there are no credentials", before: "a: 1 # one\n", after: `a: 1 # one\n${added}` },
    { where: "after comments at the end", before: "a: 1\n\n# last\n", after: `a: 1\n\n# last\n${added}` },
    { where: "before the document's end mark", before: "---\na: 1\n...\n", after: `---\na: 1\n${added}...\n` },
    { where: "after a last line without its end", before: "a: 1", after: `a: 1\n${added}` },
    { where: "after a text block without its end", before: "a: |\n  one", after: `a: |\n  one\n${added}` },
    { where: "behind a byte order mark", before: "\ufeffa: 1\n", after: `\ufeffa: 1\n${added}` },
    {
      where: "under credentials without a value",
      before: "credentials: # here\n\n# b\nb: 2\n",
      after: `credentials: # here\n  sealed: |\n${block}\n# b\nb: 2\n`,
    },
    { where: "under credentials at the very end", before: "a: 1\ncredentials:", after: `a: 1\n${added}` },
    {
      where: "instead of null",
      before: "credentials: ~ # none yet\nb: 2\n",
      after: `credentials:  # none yet\n  sealed: |\n${block}b: 2\n`,
    },
    {
      where: "instead of an empty mapping",
      before: "credentials: {}\n",
      after: `credentials: \n  sealed: |\n${block}`,
    },
    {
      where: "instead of a mapping in braces",
      before: `credentials: { sealed: "old" } # k\nb: 2\n`,
      after: `credentials:  # k\n  sealed: |\n${block}b: 2\n`,
    },
    {
      where: "before other fields of the credentials",
      before: "credentials:\n  # note\n  other: 1\nb: 2\n",
      after: `credentials:\n  # note\n  sealed: |\n${block}  other: 1\nb: 2\n`,
    },
    {
      where: "instead of an older block, whose comment stays",
      before: "credentials:\n  sealed: | # from May\n    OLD\n    OLDER\n    OLDEST\n\n# b\nb: 2\n",
      after: `credentials:\n  sealed: | # from May\n${block}\n# b\nb: 2\n`,
    },
    { where: "instead of a block of another style", before: "credentials:\n  sealed: >-\n    OLD\n", after: added },
    {
      where: "instead of a block with its indentation told",
      before: "credentials:\n  sealed: |4\n      OLD\n",
      after: added,
    },
    {
      where: "instead of a block that ends the file without a line end",
      before: "credentials:\n  sealed: |\n    OLD",
      after: added,
    },
    { where: "instead of a block that is empty", before: "credentials:\n  sealed: |\nb: 2\n", after: `${added}b: 2\n` },
    {
      where: "instead of a quoted text over several lines",
      before: `credentials:\n  sealed: "old\n    older" # c\n  # d\nb: 2\n`,
      after: `credentials:\n  sealed: | # c\n${block}  # d\nb: 2\n`,
    },
    {
      where: "instead of nothing",
      before: "credentials:\n  sealed: # to do\nb: 2\n",
      after: `credentials:\n  sealed: | # to do\n${block}b: 2\n`,
    },
    {
      where: "under quoted names",
      before: `"credentials":\n  'sealed': old\n`,
      after: `"credentials":\n  'sealed': |\n${block}`,
    },
  ])("$where", ({ before, after }) => {
    expect(writeSealed(before, armoured)).toBe(after);
    const windows = (text: string) => text.replaceAll("\n", "\r\n");
    if (before.includes("\n")) expect(writeSealed(windows(before), armoured)).toBe(windows(after));
  });

  test("as deep as the file is indented", () => {
    const deeper = armoured.replace(/^(?=.)/gm, "      ");
    expect(writeSealed("  a: 1\n", armoured)).toBe(`  a: 1\n  credentials:\n    sealed: |\n${deeper}`);
    expect(writeSealed("credentials:\n    sealed: x\n", armoured)).toBe(`credentials:\n    sealed: |\n${deeper}`);
  });

  test("with the file's line ends, whatever line ends the armour has", () => {
    expect(writeSealed("a: 1\n", armoured.replaceAll("\n", "\r\n"))).toBe(`a: 1\n${added}`);
  });
});

test.for([
  { what: "broken YAML", text: "a: [1\nb: 2\n" },
  { what: "a field that stands twice", text: "a: 1\na: 2\n" },
  { what: "two documents", text: "a: 1\n---\nb: 2\n" },
  { what: "an empty file", text: "" },
  { what: "a list", text: "- a\n" },
  { what: "a mapping in braces", text: "{ a: 1 }\n" },
  { what: "credentials that are text", text: "credentials: text\n" },
  { what: "credentials that are a list", text: "credentials: [a]\n" },
  { what: "credentials in braces with other fields", text: "credentials: { sealed: x, other: 1 }\n" },
  { what: "credentials in braces with a comment", text: "credentials: { # why\n  sealed: x }\n" },
  { what: "a sealed mapping", text: "credentials:\n  sealed:\n    a: 1\n" },
  { what: "an explicit key without a value", text: "? credentials\n" },
  { what: "an explicit sealed key without a value", text: "credentials:\n  ? sealed\n" },
  { what: "an anchor that is used elsewhere", text: "credentials:\n  sealed: &old text\nb: *old\n" },
  { what: "aliases that multiply", text: `a: &a [x, x, x, x, x, x, x, x, x]\n${bomb()}` },
])("$what is refused and nothing is written", ({ text }) => {
  expect(() => writeSealed(text, armoured)).toThrow(UserError);
});

function bomb(): string {
  const names = ["a", "b", "c", "d", "e"];
  return names
    .slice(1)
    .map((name, index) => `${name}: &${name} [${`*${names[index]}, `.repeat(9)}x]\n`)
    .join("");
}

test("in a file of any layout, every other line stays as it is, and sealing again changes nothing", () => {
  const fragments = [
    "name: Acme # the client\n",
    "voice: |\n  Plain words.\n\n  # not a comment\n  No hype.\n",
    'topics:   [ "tools",   craft ]\n',
    "\n",
    "# a comment: with a colon\n",
    "schedule:\n    times:\n    - '09:00'\n    # between\n    - '17:30'\n",
    "limits: {posts_per_day: 3}\n",
    "folded: >-\n  one\n  two\n",
    "keep: |+\n  text\n\n",
  ];
  const credentials = [
    "",
    "credentials:\n",
    "credentials:\n  # why\n  sealed: |\n    OLD\n    OLD\n",
    "credentials: {}\n",
  ];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(fragments),
      fc.shuffledSubarray(fragments),
      fc.constantFrom(...credentials),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      (above, below, middle, newline, isCut) => {
        const rest = below.filter((fragment) => !above.includes(fragment));
        const whole = ["id: x\nzone: UTC\n", ...above, middle, ...rest].join("").replaceAll("\n", newline);
        const text = isCut ? whole.slice(0, -newline.length) : whole;
        const written = writeSealed(text, armoured);
        const kept = (source: string) =>
          source.split(newline).filter((line) => !/^credentials|sealed:|OLD|^ {4}(-----|bmV3|bGluZQ)/.test(line));
        expect(kept(written).join("\n").trimEnd()).toBe(kept(text).join("\n").trimEnd());
        expect(parse(written).credentials.sealed).toBe(armoured);
        expect(writeSealed(written, armoured)).toBe(written);
      },
    ),
    { numRuns: 300 },
  );
});
