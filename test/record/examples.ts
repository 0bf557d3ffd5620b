import fc from "fast-check";
import type { HaltReport, RunReport, SlotResult } from "../../src/record/report.ts";
import { buildReport } from "../../src/record/report.ts";
import type { SummaryContext } from "../../src/record/verdict.ts";
import type { Outcome, RunInfo } from "../../src/terms.ts";

const startedAt = new Date("2026-11-21T08:00:38Z");

export const sandboxRun: RunInfo = {
  id: "run-1",
  commit: "1cb828e",
  mode: { ledger: "sandbox", limiter: "sandbox", model: "sandbox", x: "sandbox" },
  startedAt,
};

export const realRun: RunInfo = {
  ...sandboxRun,
  mode: { ledger: "real", limiter: "real", model: "real", x: "real" },
};

export const quiet: SummaryContext = { problems: [], notes: [], broken: new Set() };

export function slotResult(changes: Partial<SlotResult> = {}): SlotResult {
  return {
    slot: "acme/2026-11-21T09:00",
    client: "acme",
    handle: "acme_inc",
    outcome: "posted",
    rehearsal: false,
    costUsd: 0.0153,
    latenessSeconds: 38,
    ...changes,
  };
}

export function reportOf(
  slots: readonly SlotResult[],
  run: RunInfo = realRun,
  halts: readonly HaltReport[] = [],
): RunReport {
  return buildReport({ run, finishedAt: new Date("2026-11-21T08:01:16Z"), runtimeSeconds: 38, slots, halts });
}

export const outcomes: readonly Outcome[] = ["posted", "skipped", "missed", "deferred", "unknown", "dead"];

/** Pieces that break Markdown, HTML, logs or terminals where text is not kept text. */
const hostilePieces = [
  "|",
  "\\",
  "\\|",
  "`",
  "```",
  "</details>",
  "<script>alert(1)</script>",
  "<!--",
  "![x](http://evil.example/x.png)",
  "[a](https://evil.example)",
  "[a][b]",
  "[^1]",
  "<https://evil.example>",
  "https://evil.example",
  "HTTP://evil.example",
  "www.evil.example",
  "me@evil.example",
  "@octocat",
  "#12",
  "GH-12",
  ":tada:",
  "$x^2$",
  "##[error]",
  "::set-output name=a::b",
  "::error::x",
  "\u001b[31mred\u001b[0m",
  "\n",
  "\r\n",
  "\n\n# heading\n",
  "\n| a |\n|---|\n",
  "---",
  "===",
  "- item",
  "1. item",
  "> quote",
  "**bold**",
  "_low_",
  "~~gone~~",
  "&lt;",
  "&#x202e;",
  "\u202e",
  "\u200b",
  "\u200f",
  "\u2028",
  "\u0085",
  "\0",
  "\ud800",
  "\udc00",
  "\ufeff",
  "👩‍👩‍👧‍👦",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
  "❤️",
  " ",
  "\t",
  "a",
  "0",
];

/** Hostile pieces and arbitrary text, mixed. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...hostilePieces) }, fc.string({ unit: "binary" })), {
    maxLength: 12,
  })
  .map((pieces) => pieces.join(""));
