import { count, counted, firstOf } from "../record/format.ts";
import { heading, paragraph, table, text } from "../record/markdown.ts";
import { type Block, serialise } from "../record/serialise.ts";
import { clientBlocks, inArtifact } from "./client-blocks.ts";
import type { PreviewDocument, PreviewOrigin } from "./document.ts";

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

function byteLength(markdown: string): number {
  return Buffer.byteLength(markdown, "utf8");
}

/** A plus sign, which says that files differ from the commit, stays. */
function shortCommit(commit: string): string {
  return commit.replace(/^(.{9})[^+]*/, "$1");
}
