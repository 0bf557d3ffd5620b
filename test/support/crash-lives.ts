import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { ModelFault } from "../../src/sandbox/model-faults.ts";
import { xFaults } from "../../src/sandbox/x-faults.ts";
import { answersBeforeIntent, created, distinctText, type XAnswer, xAnswers } from "./crash-answers.ts";
import type { Scene } from "./crash-scene.ts";
import { createWorkspace, type TestClient, type TestWorkspace } from "./workspace.ts";

/** A part of a slot's life: what has happened until the tick that is ended, and what that tick does at least. */
export interface Life {
  name: string;
  /** Returns the minutes to the tick that is ended. */
  until(scene: Scene): Promise<number>;
  /** Steps that make this life what it is. */
  essential: readonly string[];
  /** The first and the last step at which it is ended; missing where every step is one of its own. */
  own?: readonly [first: string, last: string];
  /** What X answers to the next send: before its intent is stored, and from there on. */
  answers: { before: readonly XAnswer[]; from: readonly XAnswer[] };
  /** Cases that there are without any reduction of answers being lifted: fewer mean that something is not tried any more. */
  atLeast: number;
  /** X's own check against the same text twice, in hours. */
  duplicateWindowHours?: number;
  /** Arguments of every tick. */
  args?: readonly string[];
}

const models = ["openai/gpt-5-mini", "openai/gpt-5-nano", "openai/gpt-4.1-mini"] as const;

/** The files of every life: one slot a day, so that later ticks have nothing else to do, and three models to ask for it. */
export async function createStage(): Promise<{ workspace: TestWorkspace; client: TestClient }> {
  const workspace = await createWorkspace();
  const file = join(workspace.root, "clients/_prices.yaml");
  const prices = parse(await readFile(file, "utf8"));
  const [price] = Object.values(prices.models);
  await writeFile(file, stringify({ ...prices, models: Object.fromEntries(models.map((model) => [model, price])) }));
  const client = await workspace.addClient("acme", {
    schedule: { days: "daily", times: ["09:00"], late: { within: "6h" }, min_gap: "1m" },
    model: models[0],
    fallback_models: models.slice(1),
    fallbacks: ["Fresh water, fresh beans, four minutes. Most coffee problems end there."],
  });
  return { workspace, client };
}

const everyAnswer = { before: answersBeforeIntent, from: xAnswers };
const asUsual = { before: [created], from: [created] };

const fromClaimToPost: Life = {
  name: "from the claim to the post",
  until: async () => 0,
  essential: [
    "open_tick 1",
    "claim_slots 1",
    "reserve_slots 1",
    "model /v1/chat/completions 1",
    "store_draft 1",
    "GET /2/users/me 1",
    "arm_slot 1",
    "POST /2/tweets 1",
    "record_outcome 1",
    "close_tick 1",
  ],
  answers: everyAnswer,
  atLeast: 220,
};

/** A text that is public from somebody else, so that the ledger takes it from nobody. */
const taken = distinctText(1_000_000);
const texts = (...list: readonly string[]): ModelFault => ({ kind: "texts", texts: list });

const textsRefused: Life = {
  name: "the first model refuses, the second fails the checks, and what comes then is too similar",
  until: async (scene) => {
    await scene.sql(
      `with taken as (
        insert into clara.slot (id, client, planned_at, state, changed_at)
          values ('rival/2026-11-21T08:00', 'rival', $1, 'posted', $1) returning id, client)
      insert into clara.draft
        (slot, client, text, hash, source, prompt, prompt_version, topic, has_link, rehearsal, receipt, run, stored_at)
        select id, client, $2, '', 'model', 'plain', '1.0.0', '', false, false, '{}', '0', $1 from taken`,
      [new Date(scene.moment.now - 3_600_000), taken],
    );
    scene.moment.planned = [
      { kind: "refusal" },
      texts("A friendly hello to @somebody_else and @another_one"),
      texts(taken),
      texts(taken),
    ];
    return 0;
  },
  essential: ["model /v1/chat/completions 4", "model /v1/moderations 2", "store_draft 2", "POST /2/tweets 1"],
  own: ["model /v1/chat/completions 1", "store_draft 2"],
  answers: asUsual,
  atLeast: 42,
};

const nextTry: Life = {
  name: "the next try of a stored draft",
  until: async (scene) => {
    scene.moment.fault = xFaults.tooManyWithoutHeaders;
    await scene.tick(0);
    return 16;
  },
  essential: ["open_tick_only 1", "claim_slots 1", "reserve_slots 1", "arm_slot 1", "POST /2/tweets 1"],
  answers: everyAnswer,
  atLeast: 165,
  args: ["--client", "acme"],
};

/** A text that never reached X is no duplicate to it. */
const canBeNew = ({ name }: XAnswer) => name !== "403 duplicate";

const arrived: Life = {
  name: "settling a send that arrived",
  until: async (scene) => {
    scene.moment.fault = { kind: "lost-answer" };
    await scene.tick(0);
    return 11;
  },
  essential: ["open_tick 1", "count_read 1", "GET /2/users/:id/tweets 1", "record_outcome 1"],
  answers: asUsual,
  atLeast: 15,
};

const notArrived: Life = {
  name: "sending again what did not arrive",
  until: async (scene) => {
    scene.moment.fault = { kind: "reset" };
    await scene.tick(0);
    await scene.tick(11);
    return 11;
  },
  essential: ["GET /2/users/:id/tweets 1", "record_absence 1", "arm_slot 1", "POST /2/tweets 1", "record_outcome 1"],
  answers: { before: answersBeforeIntent.filter(canBeNew), from: xAnswers.filter(canBeNew) },
  atLeast: 165,
};

const shownLate: Life = {
  name: "sending again what X shows late, behind posts of another hand",
  until: async (scene) => {
    scene.moment.fault = { kind: "lost-answer" };
    await scene.tick(0);
    await scene.postByHand(6);
    scene.moment.unseen = 2;
    await scene.tick(11);
    return 11;
  },
  essential: ["record_absence 1", "POST /2/tweets 1", "count_read 3", "GET /2/users/:id/tweets 3", "record_outcome 1"],
  answers: {
    before: [created],
    // The text is there: X says so, or does not come to judge it.
    from: xAnswers.filter(({ name }) => ["created", "401", "429", "reset", "lost"].includes(name)),
  },
  atLeast: 50,
  duplicateWindowHours: 12,
};

/** Those that begin with the first tick that the slot knows. */
export const firstLives: readonly Life[] = [fromClaimToPost, textsRefused];
/** Those behind ticks that went before. */
export const laterLives: readonly Life[] = [nextTry, arrived, notArrived, shownLate];
export const allLives: readonly Life[] = [...firstLives, ...laterLives];
