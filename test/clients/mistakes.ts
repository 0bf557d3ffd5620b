import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";

const shipped = ["brotzeit", "hilltop-observatory", "paperlane", "tidewater", "wattle-ridge"].map((id) =>
  readFileSync(join(import.meta.dirname, `../../clients/${id}.yaml`), "utf8"),
);

/** Mistakes that people make, at a place that is drawn. */
const mistakes: readonly ((text: string, seed: number) => string)[] = [
  (text, seed) =>
    onLine(
      text,
      seed,
      /^(\s*(?:- )?[a-z]{2}[a-z_]*)([a-z])(:)/,
      (_, head, last, colon) => `${head}${last}${last}${colon}`,
    ),
  (text, seed) => onLine(text, seed, /^(\s*[a-z_]+)(?:[a-z])(:)/, (_, head, colon) => `${head}${colon}`),
  (text) =>
    text.replace(
      /^(timezone: )(.*?)( *#.*)?$/m,
      (_, key, zone, rest = "") => `${key}${zone.toLowerCase().replace("_", " ")}${rest}`,
    ),
  (text) => text.replace(/^(handle: )/m, "$1@"),
  (text) => text.replace(/^(\s+(?:times|days): \[)([^,\]]+), ([^,\]]+)/m, "$1$3, $2"),
  (text, seed) => onLine(text, seed, /^(\s*[a-z_]+:.*[^:>|-])$/, (line) => `${line} # said at ${seed}`),
  (text, seed) =>
    onLine(text, seed, /^(\s*)([a-z_]+:.*)$/, (_, space, rest) => `${space}# before ${seed}\n${space}${rest}`),
  (text) => text.replaceAll(/(?<!\r)\n/g, "\r\n"),
  (text) => (text.startsWith("\ufeff") ? text : `\ufeff${text}`),
];

function onLine(text: string, seed: number, pattern: RegExp, change: (...match: string[]) => string): string {
  const lines = text.split("\n");
  const fitting = lines.flatMap((line, index) => (pattern.test(line) ? [index] : []));
  const at = fitting[seed % Math.max(1, fitting.length)];
  return lines.map((line, index) => (index === at ? line.replace(pattern, change) : line)).join("\n");
}

/** A shipped client with up to six of them. */
export const withMistakes = fc
  .tuple(fc.constantFrom(...shipped), fc.array(fc.tuple(fc.nat(mistakes.length - 1), fc.nat(200)), { maxLength: 6 }))
  .map(([text, drawn]) => drawn.reduce((broken, [which, seed]) => mistakes[which]?.(broken, seed) ?? broken, text));
