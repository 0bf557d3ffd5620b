import fc from "fast-check";
import { expect, test } from "vitest";
import { clientYaml, defaultsYaml, filesWith, pricesYaml, promptYaml, workspaceWith } from "./workspace.ts";

const texts = {
  "clients/acme.yaml": `${clientYaml}links: { max_per_week: 2 }
fallbacks: &texts [Fresh water., "a: b"]
avoid: *texts
credentials:
  sealed: |
    -----BEGIN AGE ENCRYPTED FILE-----
    YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA4
    -----END AGE ENCRYPTED FILE-----
`,
  "clients/_defaults.yaml": defaultsYaml,
  "clients/_prices.yaml": pricesYaml,
  "prompts/quick-tip.prompt.yml": promptYaml,
};

const pieces = fc.oneof(
  fc.constantFrom(
    ":",
    "- ",
    "\n",
    "\t",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "*texts",
    "&texts ",
    "!!x ",
    '"',
    "'",
    "|",
    "#",
    "---\n",
    "{{x}}",
  ),
  fc.constantFrom(
    "null",
    "~",
    "0",
    "-1",
    "1e999",
    ".nan",
    "true",
    "__proto__: 1",
    "25:00",
    "2026-02-30",
    "\0",
    "\u2028",
    "\ud800",
  ),
  fc.string({ unit: "grapheme", maxLength: 5 }),
);

/** A file of the workspace with a piece of it replaced, a few times over. */
const mutated = fc
  .tuple(
    fc.constantFrom(...(Object.keys(texts) as (keyof typeof texts)[])),
    fc.array(fc.tuple(fc.nat(1000), fc.nat(12), pieces), { minLength: 1, maxLength: 4 }),
  )
  .map(([path, edits]) => {
    const text = edits.reduce((before, [place, length, piece]) => {
      const at = place % (before.length + 1);
      return before.slice(0, at) + piece + before.slice(at + length);
    }, texts[path]);
    return { ...texts, [path]: text };
  });

test("no file, however wrong, makes the loader throw, and every problem stands inside a file", () => {
  fc.assert(
    fc.property(mutated, (files) => {
      const { problems, clients, broken } = workspaceWith(files);
      for (const { file, line, column, message, hint } of problems) {
        const lines = decoded(files, file).split("\n");
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
        expect(message).not.toMatch(/undefined|\[object/);
        expect(hint).not.toMatch(/^$|undefined|\[object/);
      }
      expect(clients.length + broken.size).toBe(1);
      if (broken.size > 0) expect(problems.some(({ severity }) => severity === "error")).toBe(true);
    }),
    { numRuns: 1500 },
  );
});

test("random bytes are problems, not crashes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(workspaceWith({ "clients/acme.yaml": bytes }).broken.has("acme")).toBe(true);
    }),
    { numRuns: 300 },
  );
});

/** As the loader sees it: half a surrogate pair becomes a replacement character when the text is encoded. */
function decoded(files: Record<string, string>, path: string): string {
  const file = filesWith(files).find((candidate) => candidate.path === path);
  return file && "bytes" in file ? new TextDecoder().decode(file.bytes) : "";
}
