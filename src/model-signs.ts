import { type FailureKind, PostingError } from "./errors.ts";
import type { Completion } from "./ports.ts";
import type { ModelSigns } from "./post/publish.ts";
import { modelStrike } from "./post/strikes.ts";

/** What was heard of the models while one text was written. */
export interface Hearing {
  /** True once a model has answered, whatever the answer was worth. */
  answered: boolean;
  /** Why the last one that did not answer gave no answer. */
  silence?: string;
}

/** What stops a model from answering any client. A rate limit ends by itself, and a refused request may be this prompt's. */
const silences: ReadonlySet<FailureKind> = new Set(["unavailable", "outcome-unknown", "config", "out-of-credit"]);

/** Passes the answer or the error on, and keeps what it shows of the models. */
export async function heard(asked: Promise<Completion>, hearing: Hearing): Promise<Completion> {
  try {
    const completion = await asked;
    hearing.answered = true;
    return completion;
  } catch (error) {
    if (error instanceof PostingError && silences.has(error.kind)) hearing.silence = error.message;
    throw error;
  }
}

/** What the ledger is told with the slot's outcome; nothing when no model was asked. */
export function modelSigns({ answered, silence }: Hearing): ModelSigns {
  if (answered) return { modelAnswered: true };
  return silence === undefined ? {} : { strikes: [modelStrike(silence)] };
}
