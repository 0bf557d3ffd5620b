import type { Blockquote, PhrasingContent, RootContent } from "mdast";
import { count, counted, firstOf, money, plannedTime } from "../record/format.ts";
import { heading, list, paragraph, table, text } from "../record/markdown.ts";
import { type Block, serialise } from "../record/serialise.ts";
import type {
  Change,
  ClientPreview,
  MonthCost,
  PreviewDocument,
  PreviewOrigin,
  Sample,
  SampleText,
  WrittenSample,
} from "./document.ts";
import { fromDifference } from "./from-difference.ts";

/** A changed prompt can be long; the diff of the pull request has the rest. */
const valueGraphemes = 240;
const maxPostGraphemes = 4_000;
const inArtifact = "see the preview artifact of this run";

/**
 * The change in Markdown, at most `maxBytes` of UTF-8: posts as cards, base before head. Clients that find no room are
 * counted at the end. Every name, text and reason stands in it as text, whatever it contains.
 */
export function renderPreview(document: PreviewDocument, origin: PreviewOrigin, maxBytes: number): string {
  const head = serialise(headBlocks(document, origin), maxBytes / 2);
  const parts = [head];
  // Room for the sentence that counts what found none.
  let left = maxBytes - byteLength(head) - 200;
  let shown = 0;
  for (const client of document.clients) {
    const part = serialise(clientBlocks(client), Math.min(maxBytes / 2, 200_000));
    if (byteLength(part) > left) break;
    parts.push(part);
    left -= byteLength(part) + 1;
    shown += 1;
  }
  const rest = document.clients.length - shown;
  if (rest > 0)
    parts.push(serialise([{ node: paragraph(text(`and ${counted(rest, "more client")}, ${inArtifact}`)) }], 1_000));
  return parts.join("\n");
}

/** `2 of 5 clients are touched: acme, bolt.` */
export function touchedSentence({ clients, untouched }: PreviewDocument): string {
  const all = clients.length + untouched;
  if (clients.length === 0) return `None of ${counted(all, "client")} is touched.`;
  const names = firstOf(
    clients.map(({ id }) => id),
    10,
  );
  return `${count(clients.length)} of ${counted(all, "client")} ${clients.length === 1 ? "is" : "are"} touched: ${names}.`;
}

/** Who wrote the samples, and what that means for a reader. */
export function writerSentence({ writer }: Pick<PreviewDocument, "writer">): string {
  return writer === "model"
    ? "The samples were written by the clients' own models; nothing was posted."
    : "The samples come from the sandbox's writer, since no model was asked: they show the form, not the words.";
}

/**
 * What a reader must know before the rest, if anything: the form of a file was checked, but a fork that changes the code of
 * the preview can write any figures into that form.
 */
export function originSentences(origin: PreviewOrigin): readonly string[] {
  return origin === "here" ? [] : ["⚠️ Computed by the pull request's own code: the diff decides."];
}

function headBlocks(document: PreviewDocument, origin: PreviewOrigin): Block[] {
  const { base, head, problems, notes } = document;
  const rows = problems.map(({ severity, file, line, column, message, hint }) =>
    [severity === "error" ? "❌" : "⚠️", `${file}:${line}:${column}`, message, hint].map((cell) => text(cell)),
  );
  return [
    { node: heading("Preview") },
    ...originSentences(origin).map((sentence) => ({ node: paragraph(text(sentence)) })),
    {
      node: paragraph(text(`${touchedSentence(document)} Base ${shortCommit(base)}, head ${shortCommit(head)}.`, 600)),
    },
    { node: paragraph(text([writerSentence(document), ...notes].join(" "), 600)) },
    ...(rows.length === 0
      ? []
      : [{ node: table(["", "Where", "Problem", "Instead"], rows), more: "run the validate command to see all" }]),
  ];
}

function clientBlocks(client: ClientPreview): Block[] {
  const title = { ...heading(""), children: [text(`${client.name} (${client.id}, ${client.status})`, 120)] };
  return [
    { node: title },
    { node: paragraph(text(`${kinds[client.kind]} by ${firstOf(client.because, 8)}.`, 600)) },
    ...changeBlocks(client.changes),
    ...costBlocks(client),
    ...dayBlocks(client),
    ...client.samples.flatMap((sample) => sampleBlocks(client, sample)),
  ];
}

const kinds: Record<ClientPreview["kind"], string> = {
  added: "New",
  changed: "Changed",
  removed: "Removed",
  broken: "Has an error and owes nothing until it is mended; touched",
};

function changeBlocks(changes: readonly Change[]): Block[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ what, before = "—", after = "—" }) => {
    const [was, is] = fromDifference(before, after, valueGraphemes);
    return [text(what), text(was, valueGraphemes), text(is, valueGraphemes)];
  });
  return [{ node: table(["What changes", "Before", "After"], rows), more: inArtifact }];
}

function costBlocks({ cost }: ClientPreview): Block[] {
  const { before, after, budgetUsd } = cost;
  if (before === undefined && after === undefined) return [];
  const titles = ["30 days", "Posts:", "Model:", "X:", "X with most links:", "Together:"];
  const rows = [...(before ? [costCells("Before", before)] : []), ...(after ? [costCells("After", after)] : [])].map(
    (cells) => cells.map((cell) => text(cell)),
  );
  return [
    { node: table(titles, rows), more: inArtifact },
    { node: paragraph(text(budgetSentence(cost.after, budgetUsd))) },
  ];
}

function costCells(name: string, { posts, modelUsd, modelIsWorstCase, xUsd, xMostUsd }: MonthCost): string[] {
  const model = `${modelIsWorstCase ? "at most " : ""}${money(modelUsd)}`;
  return [name, count(posts), model, money(xUsd), money(xMostUsd), money(modelUsd + xUsd)];
}

/** Whether the client's budget holds what the change will cost. */
export function budgetSentence(after: MonthCost | undefined, budgetUsd: number): string {
  if (after === undefined) return "Nothing is owed after this change.";
  const [least, most] = [after.modelUsd + after.xUsd, after.modelUsd + after.xMostUsd];
  const budget = `The budget is ${money(budgetUsd)} a month`;
  if (least > budgetUsd) return `⚠️ ${budget}, and this costs ${money(least)}: posts will wait for the next month.`;
  if (most > budgetUsd)
    return `${budget}; with as many links as allowed this costs ${money(most)}, and posts will wait.`;
  return `${budget}, and that is enough.`;
}

function dayBlocks({ days, timezone }: ClientPreview): Block[] {
  if (days.length === 0) return [{ node: paragraph(text("No posts in the next 14 days.")) }];
  const items = days.map(({ date, times, dropped, clocks }) =>
    [
      `${date}: ${times.join(", ") || "none"}`,
      dropped.length > 0 ? `no longer ${dropped.join(", ")}` : "",
      clocks === undefined ? "" : `⏰ ${clocks}`,
    ]
      .filter(Boolean)
      .join("; "),
  );
  return [{ node: paragraph(text(`The next 14 days in ${timezone}:`)) }, { node: list(items), more: inArtifact }];
}

function sampleBlocks(client: ClientPreview, { slot, before, after }: Sample): Block[] {
  const cards: [string, SampleText | undefined][] = [
    ["Before", before],
    ["After", after],
  ];
  return cards.flatMap(([side, sample]) =>
    sample === undefined ? [] : [{ node: card(client, { side, slot, sample }) }],
  );
}

/** A post as X would show it: who, when, the text with its lines, and below what we know of it. */
function card(
  { name, handle }: ClientPreview,
  { side, slot, sample }: { side: string; slot: string; sample: SampleText },
): Blockquote {
  const who: PhrasingContent[] = [
    { type: "strong", children: [text(`${side}: ${name}`, 120)] },
    { type: "text", value: " " },
    text(`@${handle} · ${plannedTime(slot)}`),
  ];
  const body: RootContent[] =
    "text" in sample
      ? [paragraph(...lines(sample.text)), paragraph({ type: "emphasis", children: [text(factsLine(sample))] })]
      : [paragraph(text(`No text: ${sample.refused}`, 600))];
  return { type: "blockquote", children: [paragraph(...who), ...body] as Blockquote["children"] };
}

function lines(post: string): PhrasingContent[] {
  return post
    .slice(0, maxPostGraphemes)
    .split("\n")
    .flatMap((line, index): PhrasingContent[] => [
      ...(index > 0 ? [{ type: "break" as const }] : []),
      text(line, 1_000),
    ]);
}

/** `243 of 280 · topic: tea · prompt plain-opinion 1.2.0 · openai/gpt-5-mini · $0.0151 · checks passed` */
export function factsLine(sample: WrittenSample): string {
  const { weightedLength, topic, prompt, promptVersion, model, modelUsd, xUsd, refusedCandidates } = sample;
  const refused = refusedCandidates === 0 ? "" : `, ${counted(refusedCandidates, "candidate")} refused`;
  return [
    `${weightedLength} of 280`,
    `topic: ${topic}`,
    `prompt ${prompt} ${promptVersion}`,
    model ?? "fallback text",
    `${money(modelUsd + xUsd)}`,
    `checks passed${refused}`,
  ].join(" · ");
}

function byteLength(markdown: string): number {
  return Buffer.byteLength(markdown, "utf8");
}

/** A plus sign, which says that files differ from the commit, stays. */
function shortCommit(commit: string): string {
  return commit.replace(/^(.{9})[^+]*/, "$1");
}
