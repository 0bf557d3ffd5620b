import { styleText } from "node:util";
import type { Outcome, Problem } from "../terms.ts";
import { count, duration, firstOf, money, percent } from "./format.ts";
import type { RunReport, SlotReport } from "./report.ts";
import { wouldHavePosted } from "./report.ts";
import type { SummaryContext } from "./verdict.ts";
import { brokenSentence, modeSentence, runSentence, signs, verdictLine, verdictSentences } from "./verdict.ts";
import { printable, shortened } from "./visible.ts";

/** Enough to know a post by, short enough for one line. */
const textGraphemes = 100;

const sentenceGraphemes = 600;

/** Names of clients shown before `and 9 more`. */
const maxNames = 5;

const colors = {
  posted: "green",
  skipped: "gray",
  missed: "yellow",
  deferred: "yellow",
  unknown: "magenta",
  dead: "red",
} as const satisfies Record<Outcome, string>;

/** The facts of the job summary as plain lines for a terminal. Unless `color` is true it holds no escape sequence. */
export function terminalSummary(report: RunReport, context: SummaryContext & { color?: boolean }): string {
  const lines = [
    verdictLine(report),
    sentence(verdictSentences(report, context)),
    ...problemLines(context),
    ...report.slots.map((slot) => slotLine(slot, context.color === true)),
    ...figureLines(report),
    ...[...context.notes, modeSentence(report), runSentence(report)].map(sentence),
  ];
  return `${lines.map(printable).join("\n")}\n`;
}

function problemLines({ problems, broken }: SummaryContext): string[] {
  const closing = brokenSentence(firstOf([...broken], maxNames), broken);
  return [...problems.map(problemLine), ...(closing === undefined ? [] : [sentence(closing)])];
}

function problemLine({ file, line, column, message, hint }: Problem): string {
  return sentence(`${file}:${line}:${column} ${message} (${hint})`);
}

function slotLine(slot: SlotReport, color: boolean): string {
  const word = slot.outcome.padEnd(8);
  // The caller said whether the terminal shows colors; styleText would ask the environment.
  const painted = color ? styleText(colors[slot.outcome], word, { validateStream: false }) : word;
  return `${signs[slot.outcome]} ${painted} ${sentence(slotFacts(slot))}`;
}

function slotFacts(slot: SlotReport): string {
  const text = shortened(slot.text ?? "", textGraphemes);
  if (slot.outcome === "posted") {
    const late = `${duration(slot.latenessSeconds)} late`;
    const where = slot.link ?? slot.postId ?? "";
    return [slot.slot, late, money(slot.costUsd), where, text].filter((fact) => fact !== "").join(" · ");
  }
  if (wouldHavePosted(slot)) return `${slot.slot} · would have posted · ${text}`;
  return `${slot.slot} · ${slot.reason ?? "no reason given"} → ${slot.nextAction ?? ""}`;
}

function figureLines({ totals }: RunReport): string[] {
  const clients = Object.entries(totals.perClient).filter(([, { tokens }]) => tokens > 0);
  const tokens = clients.map(([client, counts]) => `${client} ${count(counts.tokens)}`);
  const figures = [
    `Tokens: ${count(totals.tokens)}${tokens.length === 0 ? "" : ` (${firstOf(tokens, maxNames)})`}`,
    `posts: ${count(totals.posted)} succeeded, ${count(totals.failed)} failed`,
    `error rate: ${percent(totals.errorRate)}`,
    `rate-limit queue depth: ${count(totals.queueDepth)}`,
  ];
  return [sentence(figures.join(" · "))];
}

function sentence(text: string): string {
  return shortened(text, sentenceGraphemes);
}
