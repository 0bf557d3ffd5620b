import type { Blockquote, PhrasingContent, RootContent } from "mdast";
import { count, counted, firstOf, money, plannedTime } from "../record/format.ts";
import { heading, list, paragraph, table, text } from "../record/markdown.ts";
import type { Block } from "../record/serialise.ts";
import type { Change, ClientPreview, MonthCost, Sample, SampleText, WrittenSample } from "./document.ts";
import { fromDifference } from "./from-difference.ts";

/** A changed prompt can be long; the diff of the pull request has the rest. */
const valueGraphemes = 240;
const maxPostGraphemes = 4_000;

/** Where everything stands that found no room. */
export const inArtifact = "see the preview artifact of this run";

/** What the change does to one client: values, cost, days, and posts as cards, base before head. */
export function clientBlocks(client: ClientPreview): Block[] {
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
