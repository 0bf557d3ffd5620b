import type { Cause, Draft, SlotState } from "./terms.ts";

/** A stop that a person has put into the ledger. */
export interface Halt {
  /** A client's id, or `*` for every client. */
  scope: string;
  why: string;
  haltedAt: Date;
}

/** What a resume found. */
export interface Resumed {
  /** Every halt, those of other scopes too. */
  before: readonly Halt[];
  /** Waits and open breakers of the scope, which have ended with the halt. */
  ended: readonly { reason: string; since?: Date }[];
}

/** A slot that needs a person, or one that was named. */
export interface DeadLetter {
  slot: string;
  client: string;
  plannedAt: Date;
  state: SlotState;
  endedAt: Date;
  reason?: string;
  /** Missing when the run that ended the slot has left no report. */
  cause?: Cause;
  /** How many sends may have reached X: X's answer to them is not known. */
  mayHaveLeft: number;
  hasPost: boolean;
  draft: DraftFate;
}

/** What a retry does with the stored draft. unclear: kept, though the ledger can't tell whether X refused it. */
export type DraftFate = "none" | "kept" | "refused" | "unclear";

export type Retried = { slot: string; retried: true; draft: DraftFate } | { slot: string; retried: false };

/** Everything that the ledger knows of one slot. */
export interface Explanation {
  slot: string;
  client: string;
  plannedAt: Date;
  state: SlotState;
  changedAt: Date;
  reason?: string;
  cause?: Cause;
  /** Address of the post. */
  link?: string;
  completions: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  modelUsd: number;
  xUsd: number;
  draft?: Draft;
  /** As it was stored with the draft; see `Receipt`. */
  receipt?: unknown;
  /** Without an id, X only said that the text is posted already. */
  post?: { id?: string; xUserId: string; postedAt: Date };
  /** The run that worked on the slot last. */
  run?: {
    id: string;
    commit: string;
    mode: Readonly<Record<string, string>>;
    startedAt: Date;
    finishedAt?: Date;
  };
  sends: readonly SendRecord[];
  /** When a person took the slot up again; `dropped` is the draft that X had refused. */
  retries: readonly { retriedAt: Date; dropped?: Draft }[];
}

export interface SendRecord {
  number: number;
  run: string;
  armedAt: Date;
  /** Missing while no answer is recorded. */
  outcome?: string;
  reason?: string;
  answeredAt?: Date;
}

/** What a person can do to the ledger from outside a tick. Methods throw PostingError as those of `Ledger` do. */
export interface Levers {
  /** Nothing of the scope is sent any more, by running jobs either. Answers with the halts that there were before. */
  halt(input: { scope: string; why: string; now: Date }): Promise<readonly Halt[]>;
  /** Lifts the halt of exactly this scope, and ends what keeps it waiting. Answers with what there was before. */
  resume(input: { scope: string; now: Date }): Promise<Resumed>;
  /** Every dead letter, newest first; with ids, these slots in whatever state they are. */
  deadLetters(slots?: readonly string[]): Promise<readonly DeadLetter[]>;
  /** Puts dead letters back to waiting; refuses each of which a text may have reached X. Unknown slots have no answer. */
  retry(input: { slots: readonly string[]; now: Date }): Promise<readonly Retried[]>;
  /** By the id of a slot or of a post. */
  explain(key: string): Promise<Explanation | undefined>;
}
