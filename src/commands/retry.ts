import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import type { DraftFate, Levers, Retried } from "../levers.ts";
import type { Ledger } from "../ports.ts";
import { counted } from "../record/format.ts";
import { type RetryVerdict, retryVerdicts } from "../retry.ts";
import type { Workspace } from "../terms.ts";
import type { Context } from "./context.ts";
import { withLevers, writeAnswer } from "./with-levers.ts";

/** Takes dead letters up again where a second send cannot post twice. Exits 1 when it refused one that it was asked for. */
export async function retry(context: Context): Promise<number> {
  const asked = slotsAsked(context);
  const workspace = await loadWorkspace(context.arguments.root);
  const now = context.clock();
  const answers = await withLevers(context, (open) => retryAll({ ...open, asked, workspace, now }));
  const shown = asked === "all-safe" ? answers.filter(({ retried, raced }) => retried || raced) : answers;
  const left = answers.length - shown.length;
  const rest = left > 0 ? [`${counted(left, "dead letter")} left alone: the dead-letters command says why.`] : [];
  const none = answers.length === 0 ? ["There are no dead letters."] : [];
  const slots = shown.map(({ slot, retried, why }) => ({ slot, retried, why }));
  const lines = shown.map(({ slot, retried, why }) => `${retried ? "✅" : "❌"} ${slot}: ${why}`);
  writeAnswer(context, { slots, leftAlone: left }, [...lines, ...rest, ...none]);
  return shown.every(({ retried }) => retried) ? 0 : 1;
}

function slotsAsked({ arguments: { positionals, flags } }: Context): readonly string[] | "all-safe" {
  const all = flags["all-safe"] === true;
  if (all === positionals.length > 0) throw new UserError("retry takes names of slots, or --all-safe", 2);
  return all ? "all-safe" : [...new Set(positionals)];
}

interface Answer {
  slot: string;
  retried: boolean;
  why: string;
  /** Refused by the ledger after it was found safe. */
  raced?: boolean;
}

interface Retry {
  levers: Levers;
  ledger: Ledger;
  asked: readonly string[] | "all-safe";
  workspace: Workspace;
  now: Date;
}

async function retryAll({ levers, ledger, asked, workspace, now }: Retry): Promise<readonly Answer[]> {
  const letters = asked === "all-safe" ? await levers.deadLetters() : await levers.deadLetters(asked);
  const verdicts = retryVerdicts(letters, { workspace, state: await ledger.readTick({ now }), now });
  const wanted = [...verdicts].filter(([, { retry }]) => retry).map(([slot]) => slot);
  const retried = wanted.length === 0 ? [] : await levers.retry({ slots: wanted, now });
  const bySlot = new Map(retried.map((each) => [each.slot, each]));
  const names = asked === "all-safe" ? [...verdicts.keys()] : asked;
  return names.map((slot) => ({ slot, ...answer(verdicts.get(slot), bySlot.get(slot)) }));
}

function answer(verdict: RetryVerdict | undefined, done: Retried | undefined): Omit<Answer, "slot"> {
  if (verdict === undefined) return { retried: false, why: "the ledger has no such slot" };
  if (!verdict.retry) return { retried: false, why: verdict.why };
  if (done?.retried !== true)
    return { retried: false, why: "it changed in the meantime: look at it again", raced: true };
  return { retried: true, why: `owed again: ${verdict.note}; ${draftWords[done.draft]}` };
}

const draftWords = {
  none: "a text is written then",
  kept: "its stored text is used",
  refused: "X refused its text, so another one is written",
  unclear: "its stored text is used, for the ledger cannot tell whether X refused it",
} as const satisfies Record<DraftFate, string>;
