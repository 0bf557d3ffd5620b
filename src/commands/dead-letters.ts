import { loadWorkspace } from "../clients/load.ts";
import type { DeadLetter } from "../levers.ts";
import { count } from "../record/format.ts";
import { nextAction } from "../record/next-action.ts";
import { type RetryVerdict, retryVerdicts } from "../retry.ts";
import type { Context } from "./context.ts";
import { minute } from "./halt-scope.ts";
import { withLevers, writeAnswer } from "./with-levers.ts";

/** The slots that ended as dead letters, newest first, each with what a person can do about it. */
export async function deadLetters(context: Context): Promise<number> {
  const workspace = await loadWorkspace(context.arguments.root);
  const now = context.clock();
  const { letters, state } = await withLevers(context, async ({ levers, ledger }) => ({
    letters: await levers.deadLetters(),
    state: await ledger.readTick({ now }),
  }));
  const verdicts = retryVerdicts(letters, { workspace, state, now });
  const rows = letters.map((letter) => row(letter, verdicts.get(letter.slot)));
  const none = rows.length === 0 ? ["There are no dead letters."] : [];
  writeAnswer(context, { deadLetters: rows }, [...none, ...rows.flatMap(rowLines)]);
  return 0;
}

function row({ slot, client, endedAt, reason, cause, mayHaveLeft }: DeadLetter, verdict: RetryVerdict | undefined) {
  const { retry = false } = verdict ?? {};
  return {
    slot,
    client,
    endedAt: endedAt.toISOString(),
    reason: reason ?? "no reason given",
    ...(cause !== undefined && { cause }),
    mayHaveLeft,
    nextAction: nextAction("dead", cause) ?? "",
    retry,
    ...(verdict !== undefined && { because: verdict.retry ? verdict.note : verdict.why }),
  };
}

function rowLines(letter: ReturnType<typeof row>): readonly string[] {
  const { slot, endedAt, reason, mayHaveLeft } = letter;
  return [
    `❌ ${slot} · ${minute(new Date(endedAt))} · ${reason}`,
    `   The text may have reached X: ${mayHaveLeft === 0 ? "no" : `${count(mayHaveLeft)} ×`}`,
    `   Next: ${letter.nextAction}`,
    `   retry: ${letter.retry ? "yes" : "no"}, ${letter.because}`,
  ];
}
