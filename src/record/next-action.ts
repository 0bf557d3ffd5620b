import type { Cause, Outcome } from "../terms.ts";

const byCause = {
  config: "Mend the client's file, the secret or the app's settings; its later slots then post again.",
  "over-budget": "Nothing, or raise the limits in the client's file.",
  "rate-limited": "Nothing: a later tick takes it when the window opens.",
  unavailable: "Nothing: a later tick tries again. If it lasts, look at the service's status page.",
  rejected: "Read the reason; if it comes again, change the prompt or the client's file.",
  "out-of-credit": "Buy credit from the service: until then it serves no client.",
  "outcome-unknown": "Look at the account on X: the post may be there. It is not sent again.",
  halted: "Lift the halt with the resume command once posting is safe.",
  stopped: "Nothing: a later tick takes it.",
  "dry-run": "Nothing: a run without --dry-run takes it.",
  "backing-off": "Nothing: a later tick takes it when the wait is over.",
  spacing: "Nothing: a later tick takes it.",
  "fence-lost": "Nothing: another run has it and reports it.",
  "too-late": "Nothing: it stays unposted. If it comes again, look at how often ticks run, or raise late.within.",
  "no-text": "Read which checks failed; change the prompt, the voice or the avoid list, or add fallbacks.",
  credentials: "Seal this client's credentials again with the seal command.",
  "wrong-account": "Seal the credentials of the right account, or correct x_user_id.",
  account: "Log in to the account on X and do what X asks there.",
  content: "Read the reason X gives; change the prompt or add the phrase to the avoid list.",
  "sent-twice": "Look at the account on X: the post may be there. It is not sent again.",
  rehearsal: "Nothing. To post for real, set status: active.",
} as const satisfies Record<Cause, string>;

const byOutcome = {
  skipped: "Nothing: the reason says why it is owed no longer.",
  missed: byCause["too-late"],
  deferred: "Nothing: a later tick takes it.",
  unknown: "Nothing yet: a later tick reads the account's posts and settles it.",
  dead: "Read the reason and look at the account on X; nothing more happens by itself.",
} as const satisfies Record<Exclude<Outcome, "posted">, string>;

/** What a person should do about a slot, in one short sentence; undefined when it was posted. */
export function nextAction(outcome: Outcome, cause?: Cause): string | undefined {
  if (outcome === "posted") return undefined;
  // Whatever made it unknown, settling comes first and needs nobody.
  if (outcome === "unknown" || cause === undefined) return byOutcome[outcome];
  return byCause[cause];
}
