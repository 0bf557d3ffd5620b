import type { Explanation, SendRecord } from "../levers.ts";
import type { Draft } from "../terms.ts";
import { count, counted, duration, money } from "./format.ts";
import { nextAction } from "./next-action.ts";
import type { Receipt } from "./receipt.ts";

/** The receipt of a slot as it is printed with `--json`. Instants are ISO 8601 in UTC. */
export function explanationDocument(explanation: Explanation): object {
  const { modelUsd, xUsd } = explanation;
  const lateSeconds = latenessSeconds(explanation);
  return {
    ...explanation,
    ...(lateSeconds !== undefined && { latenessSeconds: lateSeconds }),
    costUsd: Math.round((modelUsd + xUsd) * 1_000_000) / 1_000_000,
  };
}

/** The same in words, from the post back to the files it was made of. */
export function explanationLines(explanation: Explanation): readonly string[] {
  return [
    ...slotLines(explanation),
    ...draftLines(explanation.draft),
    ...receiptLines(explanation),
    costLine(explanation),
    ...explanation.sends.map(sendLine),
    ...(explanation.sends.length === 0 ? ["Sends: none"] : []),
    ...explanation.retries.map(
      ({ retriedAt, dropped }) =>
        `Taken up again by a person at ${second(retriedAt)}${dropped === undefined ? "" : `; X had refused: ${dropped.text}`}`,
    ),
  ];
}

function slotLines(explanation: Explanation): readonly string[] {
  const { slot, client, plannedAt, state, changedAt, reason, post, link, cause } = explanation;
  const late = latenessSeconds(explanation);
  const head = `Slot: ${slot} of ${client}, planned for ${second(plannedAt)}`;
  if (post !== undefined) {
    const id = post.id ?? "id not known: X only said that this text is posted already";
    const where = link === undefined ? "" : `, ${link}`;
    return [
      `Post: ${id}${where}, by the account ${post.xUserId}`,
      head,
      `Posted: ${second(post.postedAt)}, ${duration(late ?? 0)} late`,
    ];
  }
  const action = state === "dead" ? [`Next: ${nextAction("dead", cause)}`] : [];
  const why = reason === undefined ? "" : `: ${reason}`;
  return ["Post: none", head, `State: ${state} since ${second(changedAt)}${why}`, ...action];
}

function draftLines(draft: Draft | undefined): readonly string[] {
  if (draft === undefined) return ["Text: none is stored"];
  const writer = draft.model ?? "a fallback text of the client's file";
  return [`Text: ${draft.text}`, `Text SHA-256: ${draft.hash}`, `Model: ${writer}`];
}

function receiptLines({ receipt, run, draft }: Explanation): readonly string[] {
  const worked = run === undefined ? [] : [`Run: ${run.id}, ${modeWords(run.mode)}, started ${second(run.startedAt)}`];
  if (!isReceipt(receipt)) return worked;
  const { run: writer, client, prompt, checks } = receipt;
  return [
    ...worked,
    ...(run?.id === writer.id ? [] : [`Written by run: ${writer.id}, started ${writer.startedAt}`]),
    `Commit: ${writer.commit}`,
    `Client file: ${client.file}, SHA-256 ${client.sha256}`,
    `Prompt file: ${prompt.file}, SHA-256 ${prompt.sha256}, version ${prompt.version}, topic ${prompt.topic}`,
    ...checkLines(checks, draft?.hash),
  ];
}

function checkLines(checks: Receipt["checks"], hash: string | undefined): readonly string[] {
  return [
    `Checks: ${counted(checks.length, "text")} checked`,
    ...checks.map(({ source, hash: checked, failures, moderation }) => {
      const broken = failures.map(({ rule, reason }) => `${rule} (${reason})`).join(", ");
      const verdict = broken === "" ? "passed every rule" : `broke ${broken}`;
      return `  ${source} ${checked.slice(0, 12)}${checked === hash ? " (this text)" : ""}: ${verdict}; moderation ${moderation}`;
    }),
  ];
}

function costLine({ modelUsd, xUsd, completions, inputTokens, outputTokens }: Explanation): string {
  const calls = `${counted(completions, "completion")}, ${count(inputTokens + outputTokens)} tokens`;
  return `Cost: ${money(modelUsd + xUsd)}: model ${money(modelUsd)} (${calls}), X ${money(xUsd)}`;
}

function sendLine({ number, run, armedAt, outcome, reason, answeredAt }: SendRecord): string {
  const answer = outcome === undefined ? "no answer recorded" : outcome;
  const when = answeredAt === undefined ? "" : ` at ${second(answeredAt)}`;
  return `Send ${number}: ${second(armedAt)} by run ${run}: ${answer}${when}${reason === undefined ? "" : `, ${reason}`}`;
}

function modeWords(mode: Readonly<Record<string, string>>): string {
  return Object.entries(mode)
    .map(([service, kind]) => `${service} ${kind}`)
    .join(", ");
}

function latenessSeconds({ post, plannedAt }: Explanation): number | undefined {
  if (post === undefined) return undefined;
  return Math.max(0, Math.round((post.postedAt.getTime() - plannedAt.getTime()) / 1000));
}

/** Receipts are stored as JSON; one of an older form is left to `--json`. */
function isReceipt(stored: unknown): stored is Receipt {
  const { run, client, prompt, checks } = (stored ?? {}) as Partial<Receipt>;
  return run !== undefined && client !== undefined && prompt !== undefined && Array.isArray(checks);
}

function second(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
