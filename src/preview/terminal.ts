import { firstOf, money, plannedTime } from "../record/format.ts";
import { printable, visible } from "../record/visible.ts";
import { budgetSentence, factsLine } from "./client-blocks.ts";
import type { Change, ClientPreview, MonthCost, PreviewDocument, PreviewOrigin, SampleText } from "./document.ts";
import { fromDifference } from "./from-difference.ts";
import { originSentences, touchedSentence, writerSentence } from "./markdown.ts";

/** The preview as plain lines for a terminal; it holds no escape sequence, whatever the files say. */
export function terminalPreview(document: PreviewDocument, origin: PreviewOrigin): string {
  const lines = [
    ...originSentences(origin),
    touchedSentence(document),
    ...document.problems.map(
      ({ file, line, column, message, hint }) => `${file}:${line}:${column} ${message} (${hint})`,
    ),
    ...document.clients.flatMap(clientLines),
    ...(document.clients.length > 0 ? [writerSentence(document)] : []),
    ...document.notes,
  ];
  return `${lines.map((line) => printable(visibleLine(line))).join("\n")}\n`;
}

/** Leading blanks are ours. */
function visibleLine(line: string): string {
  const [indent = ""] = /^ */.exec(line) ?? [];
  return indent + visible(line);
}

function clientLines(client: ClientPreview): string[] {
  const { id, kind, because, changes, days, timezone, samples, cost } = client;
  const times = days.reduce((sum, day) => sum + day.times.length, 0);
  return [
    "",
    `${id}: ${kind} by ${firstOf(because, 8)}`,
    ...changes.map(changeLine),
    `  next 14 days: ${times} posts, ${timezone}`,
    ...days.flatMap(({ date, clocks }) => (clocks === undefined ? [] : [`  ${date}: ⏰ ${clocks}`])),
    ...costLine("before", cost.before),
    ...costLine("after", cost.after),
    `  ${budgetSentence(cost.after, cost.budgetUsd)}`,
    ...samples.flatMap(({ slot, before, after }) => [
      `  ${plannedTime(slot)}`,
      ...sampleLines("before", before),
      ...sampleLines("after", after),
    ]),
  ];
}

function changeLine({ what, before = "—", after = "—" }: Change): string {
  const [was, is] = fromDifference(before, after, valueLength);
  return `  ${what}: ${short(was)} → ${short(is)}`;
}

function costLine(side: string, cost: MonthCost | undefined): string[] {
  if (cost === undefined) return [];
  const { posts, modelUsd, modelIsWorstCase, xUsd, xMostUsd } = cost;
  const model = `${modelIsWorstCase ? "at most " : ""}${money(modelUsd)}`;
  const x = xMostUsd > xUsd ? `${money(xUsd)} to ${money(xMostUsd)}` : money(xUsd);
  return [`  30 days ${side}: ${posts} posts, model ${model}, X ${x}, together ${money(modelUsd + xUsd)}`];
}

function sampleLines(side: string, sample: SampleText | undefined): string[] {
  if (sample === undefined) return [];
  if ("refused" in sample) return [`    ${side}: no text: ${sample.refused}`];
  return [`    ${side}: ${sample.text}`, `      ${factsLine(sample)}`];
}

const valueLength = 100;

function short(value: string): string {
  return value.length > valueLength ? `${value.slice(0, valueLength)}…` : value;
}
