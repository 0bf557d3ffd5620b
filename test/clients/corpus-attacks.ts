import fc from "fast-check";
import type { HostileFile, Shipped } from "./corpus.ts";

/** Texts that are nothing but an attack, of any size. */
const attacks: Record<string, (n: number) => string> = {
  "alias bomb": (n) =>
    ["a0: &a0 [x, x]", ...range(n % 40, (i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`)].join("\n"),
  "alias bomb in a list": (n) =>
    `topics: [${["&a0 x", ...range(n % 60, (i) => `&a${i + 1} [*a${i}, *a${i}]`)].join(", ")}]`,
  "thousands of aliases": (n) => `a: &a x\nb: [${"*a, ".repeat(n)}]`,
  "merge keys": (n) => `base: &b { x: 1 }\n${range(n % 200, (i) => `k${i}: { <<: *b, <<: [*b, *b] }`).join("\n")}`,
  "an alias to itself": () => "a: &a { b: *a }\nc: &c [*c]\n",
  "anchors without end": (n) => range(n, (i) => `k${i}: &a${i} x`).join("\n"),
  brackets: (n) => "[".repeat(n * 4),
  "closed brackets": (n) => "[".repeat(n * 2) + "]".repeat(n * 2),
  braces: (n) => "{a: ".repeat(n * 2),
  "nested by lines": (n) => range(n % 400, (i) => `${" ".repeat(i)}a:`).join("\n"),
  "nested dashes": (n) => "- ".repeat(n * 2),
  "question marks": (n) => "? ".repeat(n * 2),
  "nested quotes": (n) => `"'`.repeat(n * 4),
  "open quote": (n) => `name: "${"x\n ".repeat(n * 4)}`,
  "many keys": (n) => range(n * 5, (i) => `k${i}: ${i}`).join("\n"),
  "one key again and again": (n) => "name: x\n".repeat(n * 5),
  "a list without end": (n) => `topics:\n${"  - x\n".repeat(n * 8)}`,
  "a huge word": (n) => `name: ${"x".repeat(n * 100)}`,
  "a huge quoted word": (n) => `voice: "${"\\u202e".repeat(n * 10)}"`,
  "a huge number": (n) => `x_user_id: ${"9".repeat(n * 100)}`,
  "a huge block": (n) => `voice: |\n${"  line\n".repeat(n * 10)}`,
  "a folded block": (n) => `voice: >\n${"  line\n\n".repeat(n * 8)}`,
  spaces: (n) => `${" ".repeat(n * 100)}x`,
  "spaces behind": (n) => `name: x${" ".repeat(n * 100)}\n`,
  colons: (n) => ": ".repeat(n * 20),
  "colons in a row": (n) => ":".repeat(n * 40),
  hashes: (n) => " #".repeat(n * 40),
  tags: (n) => "!!x ".repeat(n * 4),
  documents: (n) => "---\n".repeat(n * 4),
  directives: (n) => "%YAML 1.2\n".repeat(n * 4),
  "combining marks": (n) => `name: e${"\u0301".repeat(n * 20)}`,
  emoji: (n) => `voice: "${"👩‍👩‍👧‍👦".repeat(n)}"`,
  "half pairs": (n) => `voice: "${"\\ud800".repeat(n * 4)}"`,
  "a time zone": (n) => `timezone: ${"A/".repeat(n * 10)}B`,
  "a schedule": (n) => `schedule: { times: [${'"09:00", '.repeat(n * 4)}] }`,
  "a duration": (n) => `schedule: { min_gap: ${"9999h".repeat(n * 4)} }`,
  placeholders: (n) => `messages: [{ role: user, content: "${"{{".repeat(n * 10)}" }]`,
  armour: (n) => `credentials:\n  sealed: |\n    -----BEGIN AGE ENCRYPTED FILE-----\n${"    AAAA\n".repeat(n * 4)}`,
  nothing: () => "",
  "only space": (n) => " \n".repeat(n),
  "only NUL": (n) => "\0".repeat(n),
};

/** Larger ones are not read. */
const maxBytes = 128 * 1024;

/** Each attack as large as a file may be, as a client and as a prompt. */
export function largestFiles(): readonly HostileFile[] {
  return Object.entries(attacks).flatMap(([how, attack]) =>
    ["clients/acme.yaml", "prompts/quick-tip.prompt.yml"].map((path) => ({
      path,
      bytes: encode(attack(30_000)).subarray(0, maxBytes),
      how,
    })),
  );
}

/** Up to a few thousand times the piece that the attack repeats. */
export function madeUp(shipped: readonly Shipped[]): fc.Arbitrary<HostileFile> {
  const size = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1000, max: 2500 }) },
  );
  return fc
    .tuple(fc.constantFrom(...shipped), fc.constantFrom(...Object.entries(attacks)), size)
    .map(([{ path }, [how, attack], n]) => ({ path, bytes: encode(attack(n)), how: `${how}, ${n}` }));
}

const encode = (text: string) => new TextEncoder().encode(text);

function range<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => item(index));
}
