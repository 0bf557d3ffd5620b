import { describe, expect, test } from "vitest";
import { commentMarker, renderComment } from "../../src/preview/comment.ts";
import type { ClientPreview, PreviewDocument, WrittenSample } from "../../src/preview/document.ts";
import { terminalPreview } from "../../src/preview/terminal.ts";
import { draw, hasBrowser } from "./browser.ts";

/** A machine without a browser draws nothing; where CI is set, that is a failure and no excuse. */
const unavailable = !hasBrowser && process.env.CI === undefined;

/** What people and models could write to break out of their place. */
const attacks = [
  "</blockquote></details><h1>free</h1>",
  "\n\n# A heading\n\n---\n\n| a | b |\n|-|-|\n| 1 | 2 |",
  "<script>alert('ran')</script><img src=x onerror=alert('ran')>",
  "[click](javascript:alert('ran')) ![pixel](https://example.com/p.png) <https://example.com> https://example.com www.example.com",
  "`````\n```html\n<b>bold</b>\n```\n~~~",
  "> a quote\n>> in a quote\n- a list\n1. of two",
  "@everyone @org/team #1 GH-1 a@example.com :tada: $x^2$",
  "<!-- clara-preview --> --> <!-- ",
  "\u202Edesrever\u2066\u200F\u001B[31mred\u0007",
  "&lt;b&gt; &#60;script&#62; \\<b> \\`x\\`",
  "| pipes | and \\| more |",
  "[^1]\n\n[^1]: a footnote\n\n[ref]: https://example.com",
  `${"W".repeat(2_000)} ${"Z\u0351\u036B\u0343".repeat(200)}`,
  "::error::x\n##[error]y\n::set-output name=a::b",
  "<details><summary>more</summary>",
  "Setext\n===\nand\n---",
];

const harmless = "a plain line of text";

function written(text: string): WrittenSample {
  return {
    text,
    topic: text,
    prompt: "quick-tip",
    promptVersion: "1.0.0",
    model: "openai/gpt-5-mini",
    weightedLength: 20,
    refusedCandidates: 0,
    modelUsd: 0.001,
    xUsd: 0.015,
  };
}

/** One client whose every text is `text`, each with a word of its own to find it by. */
function documentWith(text: string): PreviewDocument {
  const cost = { posts: 30, modelUsd: 0.02, modelIsWorstCase: false, xUsd: 0.45, xMostUsd: 0.45 };
  const client: ClientPreview = {
    id: "acme",
    name: `mark1 ${text}`,
    handle: "acme_coffee",
    timezone: "Europe/Berlin",
    status: "active",
    kind: "changed",
    because: ["prompts/quick-tip.prompt.yml"],
    changes: [{ what: "prompt quick-tip: message 1 (system)", before: `mark2 ${text}`, after: `mark3 ${text}` }],
    days: [{ date: "2026-11-23", times: ["09:00"], dropped: [] }],
    samples: [
      { slot: "acme/2026-11-23T09:00", before: written(`mark4 ${text}`), after: written(`mark5 ${text}`) },
      { slot: "acme/2026-11-24T09:00", before: { refused: `mark6 ${text}` }, after: written(`mark7 ${text}`) },
    ],
    cost: { before: cost, after: cost, budgetUsd: 20 },
  };
  const problem = { file: "clients/acme.yaml", line: 1, column: 1, message: `mark8 ${text}`, hint: `mark9 ${text}` };
  return {
    format: 1,
    base: "a".repeat(40),
    head: "b".repeat(40),
    at: "2026-11-21T09:00:00.000Z",
    writer: "sandbox",
    problems: [{ ...problem, severity: "error" }],
    clients: [client],
    untouched: 4,
    notes: [],
  };
}

/** Line breaks of a post are drawn as such, and nothing else may be added. */
const withoutBreaks = (tags: readonly string[]) => tags.filter((tag) => tag !== "br");

const comment = (text: string) => renderComment(documentWith(text), "file");

describe.skipIf(unavailable)("a comment, drawn by a browser (skipped where none is installed)", () => {
  test("keeps every hostile text in the card, table or title that it belongs to", async () => {
    const [plain, ...drawn] = await draw(comment(harmless), ...attacks.map(comment));
    if (plain === undefined) throw new Error("nothing was drawn");
    expect(plain.marks.find(({ word }) => word === "mark4")).toMatchObject({ card: 0, table: -1 });
    expect(plain.marks.find(({ word }) => word === "mark7")).toMatchObject({ card: 3, table: -1 });
    expect(drawn).toHaveLength(attacks.length);
    for (const [index, { tags, ...found }] of drawn.entries()) {
      const { tags: expected, ...rest } = plain;
      expect({ attack: attacks[index], tags: withoutBreaks(tags), ...found }).toEqual({
        attack: attacks[index],
        tags: withoutBreaks(expected),
        ...rest,
      });
    }
  });

  test("would show it if a text did break out", async () => {
    const broken = comment(harmless).replace("mark4", "</p></blockquote><h1>free</h1>mark4");
    const [drawn] = await draw(broken);
    expect(drawn?.tags).toContain("h1");
    expect(drawn?.marks.find(({ word }) => word === "mark4")?.card).toBe(-1);
  });
});

test("a comment has its marker once, and at most the characters that GitHub takes", () => {
  const many = Array.from({ length: 500 }, (_, index) => ({
    ...documentWith(attacks.join(" ")).clients[0],
    id: `client-${index}`,
  }));
  const document = { ...documentWith(attacks.join(" ")), clients: many as ClientPreview[] };
  const comment = renderComment(document, "file");
  expect(comment.length).toBeLessThanOrEqual(65_536);
  expect(comment.split("\n").filter((line) => line === commentMarker)).toHaveLength(1);
  expect(comment).toMatch(/and [\d,]+ more clients, see the preview artifact of this run\n$/);
});

test.for(attacks)("on a terminal %j leaves nothing that a terminal or GitHub's runner would obey", (attack) => {
  for (const line of terminalPreview(documentWith(attack), "file").split("\n")) {
    expect(line).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
    expect(line).not.toMatch(/^\s*::|##\[/);
  }
});
