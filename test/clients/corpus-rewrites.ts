import fc from "fast-check";
import type { HostileFile, Shipped } from "./corpus.ts";

/** The whole file another way: line ends, tabs, marks, lines twice or in another order, and much longer. */
export function rewritten(shipped: readonly Shipped[]): fc.Arbitrary<HostileFile> {
  const ways: Record<string, (text: string, n: number) => string> = {
    "carriage returns": (text) => text.replaceAll("\n", "\r\n"),
    "old Mac line ends": (text) => text.replaceAll("\n", "\r"),
    "mixed line ends": (text, n) =>
      text
        .split("\n")
        .map((line, index) => line + ["\n", "\r\n", "\r", "\u2028", "\u0085"][(index * n) % 5])
        .join(""),
    tabs: (text) => text.replaceAll("  ", "\t"),
    "a byte order mark": (text) => `\ufeff${text}`,
    "two byte order marks": (text) => `\ufeff\ufeff${text}`,
    "a mark inside": (text, n) => `${text.slice(0, n)}\ufeff${text.slice(n)}`,
    "a line twice": (text, n) =>
      everyLine(text, (line, index, all) => (index === n % all.length ? `${line}\n${line}` : line)),
    "every line twice": (text) => everyLine(text, (line) => `${line}\n${line}`),
    "other order": (text, n) =>
      text
        .split("\n")
        .sort((one, other) => ((one.length * n) % 7) - ((other.length * n) % 7))
        .join("\n"),
    "a long line": (text, n) =>
      everyLine(text, (line, index, all) => (index === n % all.length ? line + " x".repeat(20_000) : line)),
    "a long key": (text, n) =>
      everyLine(text, (line, index, all) => (index === n % all.length ? `${"k".repeat(30_000)}: ${line}` : line)),
    "deeper indentation": (text, n) => everyLine(text, (line, index) => " ".repeat((index * n) % 9) + line),
    "no line ends": (text) => text.replaceAll("\n", " "),
    "half of it": (text, n) => text.slice(0, n),
    "NUL between": (text) => [...text].join("\0"),
    "two documents": (text) => `${text}\n---\n${text}`,
    comments: (text, n) => `${`# ${"x".repeat(n)}\n`.repeat(200)}${text}`,
    "blank lines": (text, n) => "\n".repeat(n * 10) + text,
    "UTF-16": (text) => text.replaceAll("", "\0"),
  };
  return fc
    .tuple(fc.constantFrom(...shipped), fc.constantFrom(...Object.entries(ways)), fc.nat(2000))
    .map(([{ path, text }, [how, way], n]) => ({ path, bytes: new TextEncoder().encode(way(text, n)), how }));
}

function everyLine(text: string, map: (line: string, index: number, all: readonly string[]) => string): string {
  return text.split("\n").map(map).join("\n");
}
