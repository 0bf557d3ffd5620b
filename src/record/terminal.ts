import { styleText } from "node:util";
import type { Outcome, Problem } from "../terms.ts";
import { count, duration, firstOf, money, percent } from "./format.ts";
import { groupNotPosted, type NotPosted, whichSlots } from "./not-posted.ts";
import type { RunReport, SlotReport } from "./report.ts";
import { wouldHavePosted } from "./report.ts";
import type { SummaryContext } from "./verdict.ts";
import { brokenSentence, modeSentence, runSentence, signs, verdictLine, verdictSentences } from "./verdict.ts";
import { printable, shortened } from "./visible.ts";

/** Enough to know a post by, short enough for one line. */
const textGraphemes = 100;

const sentenceGraphemes = 600;

const reasonGraphemes = 300;

/** More than forty of the longest ids take. */
const namesGraphemes = 5000;

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
    ...slotLines(report, context.color === true),
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

/** In the order of the report; slots that did not post for one cause stand where the first of them does. */
function slotLines(report: RunReport, color: boolean): string[] {
  const groups = new Map(
    groupNotPosted(report).flatMap((group) => group.slots.slice(0, 1).map((slot) => [slot, group])),
  );
  return report.slots.flatMap((slot) => {
    const group = groups.get(slot);
    const facts = group === undefined ? ownFacts(slot) : groupFacts(group);
    return facts === undefined ? [] : [`${outcomeSign(slot.outcome, color)} ${facts}`];
  });
}

function outcomeSign(outcome: Outcome, color: boolean): string {
  const word = outcome.padEnd(8);
  // The caller said whether the terminal shows colors; styleText would ask the environment.
  const painted = color ? styleText(colors[outcome], word, { validateStream: false }) : word;
  return `${signs[outcome]} ${painted}`;
}

/** Undefined for a slot that stands with others of its cause. */
function ownFacts(slot: SlotReport): string | undefined {
  const text = shortened(slot.text ?? "", textGraphemes);
  if (slot.outcome === "posted") {
    const late = `${duration(slot.latenessSeconds)} late`;
    const where = slot.link ?? slot.postId ?? "";
    return sentence([slot.slot, late, money(slot.costUsd), where, text].filter((fact) => fact !== "").join(" · "));
  }
  return wouldHavePosted(slot) ? sentence(`${slot.slot} · would have posted · ${text}`) : undefined;
}

/** Each part is shortened by itself: behind a long reason the next action must still be seen. */
function groupFacts(group: NotPosted): string {
  const why = `${shortened(group.reason, reasonGraphemes)} → ${group.nextAction}`;
  return `${shortened(whichSlots(group), namesGraphemes)} · ${why}`;
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
