import { describe, expect, test } from "vitest";
import { positionAt } from "../../src/clients/position.ts";
import { parseYaml } from "../../src/clients/yaml.ts";
import { cpuMs } from "../support/cpu-time.ts";

/** Nine levels of nine: 387 million nodes if it were written out. */
const bomb = [..."abcdefghi"]
  .map(
    (name, level) =>
      `${name}: &${name} [${Array(9)
        .fill(level === 0 ? "lol" : `*${"abcdefghi"[level - 1]}`)
        .join(", ")}]`,
  )
  .join("\n");

describe("what cannot be parsed is a value with its place", () => {
  test.for([
    { when: "a bracket is not closed", text: "a: [1, 2\n", at: [2, 1], message: /a bracket is not closed/ },
    {
      when: "neighbours start in different columns",
      text: "a:\n  b: 1\n c: 2\n",
      at: [3, 1],
      message: /indentation is off/,
    },
    { when: "a quote is not closed", text: "a: 'x\n", at: [2, 1], message: /closing quote or bracket/ },
    { when: "a tab indents", text: "a:\n\tb: 1\n", at: [2, 1], message: /a tab is used/ },
    { when: "there is a second colon", text: "a: b: c\n", at: [1, 4], message: /a second colon/ },
    { when: "a key stands twice", text: "a: 1\nb:\n  c: 1\n  c: 2\n", at: [4, 3], message: /stands twice/ },
    { when: "a key stands twice, once in quotes", text: 'a: 1\n"a": 2\n', at: [2, 1], message: /stands twice/ },
    { when: "a key is a list", text: "? [a]\n: 1\n", at: [1, 3], message: /must be text/ },
    { when: "there are two documents", text: "a: 1\n---\nb: 1\n", at: [2, 1], message: /more than one document/ },
    { when: "a tag is used", text: "a: !!set { x }\nb: !secret 1\n", at: [2, 4], message: /tags are not used/ },
    { when: "an alias names nothing", text: "a: *b\n", at: [1, 4], message: /the alias \*b names no anchor/ },
    { when: "an alias comes before its anchor", text: "a: *b\nb: &b 1\n", at: [1, 4], message: /names no anchor/ },
    { when: "an alias contains itself", text: "a: &a\n  - *a\n", at: [2, 5], message: /contains itself/ },
    { when: "aliases multiply", text: bomb, at: [2, 8], message: /make this file explode/ },
    {
      when: "there are hundreds of aliases",
      text: `a: &a 1\nb: [${"*a, ".repeat(300)}]\n`,
      at: [2, 405],
      message: /explode/,
    },
    { when: "lists are nested without end", text: "[".repeat(100_000), at: [1, 0], message: /nested too deeply/ },
    { when: "mappings are nested without end", text: '{"a":'.repeat(50_000), at: [1, 0], message: /nested too deeply/ },
    { when: "dashes are nested without end", text: "- ".repeat(100_000), at: [1, 0], message: /nested too deeply/ },
    { when: "an escape is unknown", text: 'a: "\\q"\n', at: [1, 5], message: /^not valid YAML: / },
  ])("when $when", ({ text, at, message }) => {
    const parsed = parseYaml(text);
    if (parsed.ok) throw new Error("parsed");
    expect(parsed.message).toMatch(message);
    expect(parsed.hint).not.toBe("");
    const { line, column } = positionAt(text, parsed.offset);
    // How deep is too deep depends on the stack: column 0 stands for any.
    expect([line, at[1] === 0 ? 0 : column]).toEqual(at);
  });
});

describe("what is unusual and fine is parsed", () => {
  test.for([
    { when: "aliases repeat a value", text: "a: &a [x]\nb: *a\n", value: { a: ["x"], b: ["x"] } },
    { when: "a scalar and a key carry anchors", text: "&k a: &v x\n*k : *v\n", value: undefined },
    { when: "an anchor is used by a second list", text: "a: &a x\nb: [*a, *a]\n", value: { a: "x", b: ["x", "x"] } },
    {
      when: "a key is __proto__",
      text: "__proto__: { a: 1 }\n",
      value: JSON.parse('{"__proto__":{"a":1}}') as unknown,
    },
    { when: "lines end as on Windows", text: "a: 1\r\nb: x\r\n", value: { a: 1, b: "x" } },
    {
      when: "a time and a date are not quoted",
      text: "a: 09:00\nb: 2026-12-24\n",
      value: { a: "09:00", b: "2026-12-24" },
    },
    { when: "yes and no are words", text: "a: yes\nb: no\n", value: { a: "yes", b: "no" } },
    { when: "there is nothing", text: "", value: null },
  ])("when $when", ({ text, value }) => {
    const parsed = parseYaml(text);
    if (value === undefined) expect(parsed.ok).toBe(false);
    else expect(parsed.ok && parsed.value).toEqual(value);
  });
});

test("a key called __proto__ changes no prototype", () => {
  const parsed = parseYaml("__proto__: { polluted: true }\n");
  expect(parsed.ok && Object.getPrototypeOf(parsed.value)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("a bomb costs no more than a moment", () => {
  const startedMs = cpuMs();
  parseYaml(bomb);
  expect(cpuMs() - startedMs).toBeLessThan(2000);
});
