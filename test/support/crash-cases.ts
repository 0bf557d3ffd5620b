import { created, isEndless, type XAnswer } from "./crash-answers.ts";
import { type Boundary, phases } from "./crash-gate.ts";
import type { Life } from "./crash-lives.ts";

/** One process that is ended, and everything that may come of it: they share what has happened until then. */
export interface Kill {
  boundary: Boundary;
  /** What X answers to the process itself. */
  given?: XAnswer;
  futures: readonly Future[];
}

export interface Future {
  /** What X answers, to the send of a later tick or to the one that was on its way. */
  answer: XAnswer;
  /** Whether the request at which the process was ended reaches X after all. */
  arrives?: true;
}

/**
 * A process is ended at every step, in each of the three phases. An answer of X is crossed with each state that it can meet:
 * nothing of a process that was ended is left but what its requests did, so behind a request all is as before the next one.
 */
export function killsOf(life: Life, steps: readonly string[]): readonly Kill[] {
  const [first, last] = (life.own ?? []).map((step) => steps.indexOf(step));
  const send = steps.indexOf("POST /2/tweets 1");
  return steps.slice(first ?? 0, (last ?? steps.length - 1) + 1).flatMap((step) =>
    phases.flatMap((phase): readonly Kill[] => {
      const index = steps.indexOf(step);
      const boundary = { step, phase };
      if (send < 0) return [{ boundary, futures: [{ answer: created }] }];
      if (index > send || (index === send && phase !== "before")) return afterSend(life, boundary);
      return [{ boundary, futures: [...untilSend(life, boundary), ...onItsWay(life, boundary)] }];
    }),
  );
}

/** The next send is that of a later tick. */
function untilSend({ answers }: Life, { step, phase }: Boundary): readonly Future[] {
  const isArming = step === "arm_slot 1";
  const isSending = step === "POST /2/tweets 1";
  const isFrom = phase === "before" && (isArming || isSending);
  // X never calls a text a duplicate that did not reach it: after an intent without a send that would be a lie.
  const hasIntent = isSending || (isArming && phase !== "before");
  const list = isFrom ? answers.from : answers.before;
  return list.filter(({ name }) => !(hasIntent && name === "403 duplicate")).map((answer) => ({ answer }));
}

/**
 * As if the process had been ended right behind the send: X has it, and does what it does. Nobody is left to wait for X, so
 * an answer that never comes is one that is lost.
 */
function onItsWay({ answers }: Life, { step, phase }: Boundary): readonly Future[] {
  if (step !== "POST /2/tweets 1" || phase !== "before") return [];
  return answers.from.filter(({ fault }) => !isEndless(fault)).map((answer) => ({ answer, arrives: true }));
}

/** Whatever X answered is stored when the tick is about to close: there every answer leaves something else behind. */
function afterSend({ answers }: Life, boundary: Boundary): readonly Kill[] {
  const isStored = boundary.step === "close_tick 1" && boundary.phase === "before";
  return (isStored ? answers.from : [created]).map((answer) => ({ boundary, given: answer, futures: [{ answer }] }));
}
