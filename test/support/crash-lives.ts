import { xFaults } from "../../src/sandbox/x-faults.ts";
import { fewAnswers, laterAnswers, type XAnswer, xAnswers } from "./crash-answers.ts";
import type { Scene } from "./crash-scene.ts";

/** A part of a slot's life: what has happened until the tick that is ended, and what that tick does at least. */
export interface Life {
  name: string;
  /** Returns the minutes to the tick that is ended. */
  until(scene: Scene): Promise<number>;
  essential: readonly string[];
  /** What X answers to the next send: crossed with the steps before `arm_slot`, and with each change of the outside from there on. */
  answers: { before: readonly XAnswer[]; from: readonly XAnswer[] };
}

/** X creates the post and says so. */
export const created: XAnswer = { name: "created" };

export const firstLife: Life = {
  name: "from the claim to the post",
  until: async () => 0,
  essential: [
    "open_tick",
    "claim_slots",
    "reserve_slots",
    "model /v1/chat/completions",
    "store_draft",
    "GET /2/users/me",
    "arm_slot",
    "POST /2/tweets",
    "record_outcome",
    "close_tick",
  ],
  answers: { before: fewAnswers, from: xAnswers },
};

/** Each begins behind ticks that went before. */
export const laterLives: readonly Life[] = [
  {
    name: "the next try of a stored draft",
    until: async (scene) => {
      scene.nextSend(xFaults.tooManyWithoutHeaders);
      await scene.tick(0);
      return 16;
    },
    essential: ["open_tick", "claim_slots", "reserve_slots", "arm_slot", "POST /2/tweets", "record_outcome"],
    answers: { before: fewAnswers, from: laterAnswers },
  },
  {
    name: "settling a send that arrived",
    until: async (scene) => {
      scene.nextSend({ kind: "lost-answer" });
      await scene.tick(0);
      return 11;
    },
    essential: ["open_tick", "GET /2/users/:id/tweets", "record_outcome"],
    answers: { before: fewAnswers, from: fewAnswers },
  },
  {
    name: "sending again what did not arrive",
    until: async (scene) => {
      scene.nextSend({ kind: "reset" });
      await scene.tick(0);
      await scene.tick(11);
      return 11;
    },
    essential: [
      "open_tick",
      "GET /2/users/:id/tweets",
      "record_absence",
      "arm_slot",
      "POST /2/tweets",
      "record_outcome",
    ],
    answers: {
      before: fewAnswers,
      // The text never reached X, so X cannot call it a duplicate.
      from: laterAnswers.filter(({ name }) => name !== "403 duplicate"),
    },
  },
];
