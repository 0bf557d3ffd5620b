import type { PhrasingContent } from "mdast";
import { counted } from "../record/format.ts";
import { heading, paragraph, table, text } from "../record/markdown.ts";
import { type Block, serialise } from "../record/serialise.ts";
import { printable, shortened } from "../record/visible.ts";
import { everything, type Finding, type Status } from "./check.ts";

const signs: Readonly<Record<Status, string>> = { ok: "✅", warning: "⚠️", failed: "❌", skipped: "➖" };

/** Longer than any sentence of ours with the longest that a service may add. */
const sentenceGraphemes = 600;

/** One line per finding, safe for a terminal and for GitHub's runner, and a line of counts. */
export function doctorLines(findings: readonly Finding[]): string {
  const lines = findings.map(({ scope, check, status, says, fix }) => {
    const line = `${signs[status]} ${scope} · ${check}: ${says}${fix === undefined ? "" : ` → ${fix}`}`;
    return printable(shortened(line, sentenceGraphemes));
  });
  return `${[...lines, countsLine(findings)].join("\n")}\n`;
}

/** How many findings there are of each status. */
export function countsOf(findings: readonly Finding[]): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 };
  for (const { status } of findings) counts[status] += 1;
  return counts;
}

function countsLine(findings: readonly Finding[]): string {
  const { ok, warning, failed, skipped } = countsOf(findings);
  return `${ok} ok, ${counted(warning, "warning")}, ${failed} failed, ${skipped} skipped`;
}

/** GitHub drops a step's whole summary above 1 MiB. */
const maxSummaryBytes = 1_000_000;

/** The job summary: what needs a person, and the counts. */
export function doctorSummary(findings: readonly Finding[]): string {
  const troubles = findings.filter(({ status }) => status === "failed" || status === "warning");
  const blocks: Block[] = [{ node: paragraph(text(`Doctor: ${countsLine(findings)}`)) }];
  if (troubles.length > 0) blocks.push(tableOf(troubles, true));
  return serialise(blocks, maxSummaryBytes);
}

/** An issue's text, for GitHub or for the job that opens it. */
export interface Issue {
  scope: string;
  title: string;
  body: string;
}

/** What the job that writes issues needs. */
export interface Issues {
  /** One for each scope in which something failed. */
  open: readonly Issue[];
  /**
   * False when a shared service failed, or only a part was looked at: what could not be asked is not cured, and no issue
   * is closed.
   */
  mayClose: boolean;
}

/** A body has 65,536 characters at most. */
const maxBodyBytes = 60_000;

/** The issues that the findings call for. Every word that a file or a service brought in is escaped. */
export function doctorIssues(findings: readonly Finding[], only: string | undefined): Issues {
  const scopes = Map.groupBy(findings, ({ scope }) => scope);
  const open = [...scopes].flatMap(([scope, own]) => {
    const hasFailed = own.some(({ status }) => status === "failed");
    return hasFailed ? [{ scope, title: `doctor: ${scope}`, body: issueBody(scope, own) }] : [];
  });
  return { open, mayClose: only === undefined && !open.some(({ scope }) => scope === everything) };
}

function issueBody(scope: string, findings: readonly Finding[]): string {
  const troubles = findings.filter(({ status }) => status === "failed" || status === "warning");
  const { failed } = countsOf(findings);
  const blocks: Block[] = [
    { node: paragraph(text(`The doctor found ${counted(failed, "thing")} that must be mended for ${scope}.`)) },
    tableOf(troubles, false),
    { node: heading("When it is mended") },
    { node: paragraph(text("Run the workflow doctor again: it closes this issue when nothing fails any more.")) },
  ];
  return serialise(blocks, maxBodyBytes);
}

function tableOf(findings: readonly Finding[], withScope: boolean): Block {
  const cells = ({ scope, check, status, says, fix = "" }: Finding): readonly PhrasingContent[] => [
    text(signs[status]),
    ...(withScope ? [text(scope)] : []),
    text(check),
    text(says, sentenceGraphemes),
    text(fix, sentenceGraphemes),
  ];
  const titles = ["", ...(withScope ? ["Whom"] : []), "Check", "Found", "Fix"];
  return { node: table(titles, findings.map(cells)), more: "run the doctor command to see all" };
}
