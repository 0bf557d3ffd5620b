import type { PhrasingContent } from "mdast";
import type { Problem } from "../terms.ts";
import { count, counted, duration, firstOf, money, percent, plannedTime } from "./format.ts";
import { heading, link, list, paragraph, table, text } from "./markdown.ts";
import { groupNotPosted, whichSlots } from "./not-posted.ts";
import type { OutcomeCounts, RunReport, SlotReport } from "./report.ts";
import { wouldHavePosted } from "./report.ts";
import type { Block } from "./serialise.ts";
import { serialise } from "./serialise.ts";
import type { SummaryContext } from "./verdict.ts";
import { brokenSentence, modeSentence, runSentence, signs, verdictLine, verdictSentences } from "./verdict.ts";

/** GitHub drops a step's whole summary above 1 MiB; masked secrets may still grow a little. */
const maxSummaryBytes = 1_000_000;

/** A post has at most 280 characters; this many tell which one it is. */
const textGraphemes = 100;

/** Names of clients shown before `and 9 more`. */
const maxNames = 5;

/** Forty names of the longest ids. The names were shortened one by one, so nothing ordinary is cut here. */
const groupGraphemes = 5000;

const inLedger = "see the ledger";

/** The Markdown of the job summary. Names, texts and errors stand in it as text, whatever they contain. */
export function renderSummary(report: RunReport, context: SummaryContext): string {
  const blocks: Block[] = [
    { node: paragraph(text(verdictLine(report))) },
    { node: paragraph(text(verdictSentences(report, context), 600)) },
    ...problemBlocks(context),
    ...notPostedBlocks(report),
    ...postBlocks(report),
    ...rehearsalBlocks(report),
    ...figureBlocks(report),
    { node: heading("Notes") },
    { node: list([...context.notes, modeSentence(report), runSentence(report)]), more: inLedger },
  ];
  return serialise(blocks, maxSummaryBytes);
}

/** The summary of a tick that had to stop, for example because the ledger did not answer. */
export function renderStop(reason: string): string {
  const sentence = `❌ The tick stopped: ${reason}. Nothing more was sent; a later tick goes on from the ledger.`;
  return serialise([{ node: paragraph(text(sentence, 600)) }], maxSummaryBytes);
}

function problemBlocks({ problems, broken }: SummaryContext): Block[] {
  if (problems.length === 0) return [];
  const gravestFirst = problems.toSorted((a, b) => a.severity.localeCompare(b.severity));
  const names = firstOf([...broken], maxNames);
  const sentence = brokenSentence(names, broken);
  return [
    { node: heading("Configuration problems") },
    {
      node: table(["", "Where", "Problem", "Instead"], gravestFirst.map(problemCells)),
      more: "run the validate command to see all",
    },
    ...(sentence === undefined ? [] : [{ node: paragraph(text(sentence)) }]),
  ];
}

function problemCells({ severity, file, line, column, message, hint }: Problem): PhrasingContent[] {
  return [text(severity === "error" ? "❌" : "⚠️"), text(`${file}:${line}:${column}`), text(message), text(hint)];
}

function notPostedBlocks(report: RunReport): Block[] {
  const groups = groupNotPosted(report);
  if (groups.length === 0) return [];
  const rows = groups.map((group) => [
    text(`${signs[group.outcome]} ${group.outcome}`),
    text(whichSlots(group), group.slots.length === 1 ? 300 : groupGraphemes),
    text(group.reason),
    text(group.nextAction),
  ]);
  return [
    { node: heading("Not posted") },
    // Figures and texts of posts are in the ledger; who has to act must be seen here.
    { node: table(["Outcome", "Slots", "Why", "What to do"], rows), more: inLedger, last: true },
  ];
}

function postBlocks({ slots }: RunReport): Block[] {
  const posts = slots.filter(({ outcome }) => outcome === "posted");
  if (posts.length === 0) return [];
  const titles = ["Client", "Planned (local)", "Late:", "Text", "Post", "Model", "Cost:"];
  const rows = posts.map((slot) => {
    const [client, planned, words, model, cost] = slotCells(slot);
    return [client, planned, text(duration(slot.latenessSeconds)), words, postCell(slot), model, cost];
  });
  return [{ node: heading("Posts") }, { node: table(titles, rows), more: inLedger }];
}

function rehearsalBlocks({ slots }: RunReport): Block[] {
  const rows = slots.filter(wouldHavePosted).map(slotCells);
  if (rows.length === 0) return [];
  const titles = ["Client", "Planned (local)", "Text", "Model", "Cost:"];
  return [{ node: heading("Rehearsals: would have posted") }, { node: table(titles, rows), more: inLedger }];
}

function slotCells(slot: SlotReport) {
  return [
    text(slot.client),
    text(plannedTime(slot.slot)),
    text(slot.text ?? "", textGraphemes),
    text(slot.model ?? "fallback text"),
    text(money(slot.costUsd)),
  ] as const;
}

function postCell({ link: url, postId }: SlotReport): PhrasingContent {
  return url === undefined ? text(postId ?? "") : link(url, "open");
}

function figureBlocks({ totals }: RunReport): Block[] {
  const rows = Object.entries(totals.perClient).map(([client, counts]) => figureCells(client, counts));
  const sentences = [
    `Tokens: ${count(totals.tokens)}, for ${money(totals.costUsd)} with the posts`,
    `Posts: ${count(totals.posted)} succeeded, ${count(totals.failed)} failed`,
    `Loop runtime: ${duration(totals.runtimeSeconds)}; error rate: ${percent(totals.errorRate)}, ${count(totals.failed)} of ${count(totals.attempted)} attempted`,
    `Rate-limit queue depth: ${counted(totals.queueDepth, "slot")}`,
  ];
  const perClient: Block = { node: table(["Client", "Posted:", "Failed:", "Tokens:", "Cost:"], rows), more: inLedger };
  return [{ node: heading("Figures") }, { node: list(sentences) }, ...(rows.length === 0 ? [] : [perClient])];
}

function figureCells(client: string, { posted, failed, tokens, costUsd }: OutcomeCounts): PhrasingContent[] {
  return [text(client), text(count(posted)), text(count(failed)), text(count(tokens)), text(money(costUsd))];
}
