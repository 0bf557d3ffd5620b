import { afterAll, beforeAll, expect, test } from "vitest";
import type { XAnswer } from "./crash-answers.ts";
import { draftOf, type Ending, endOf } from "./crash-ending.ts";
import { type Boundary, phases } from "./crash-gate.ts";
import { created, type Life } from "./crash-lives.ts";
import { BoundaryMissed, type Lane, openLane, openScene, type Scene } from "./crash-scene.ts";
import { type NativePostgres, startPostgres } from "./postgres.ts";
import { createWorkspace, type TestClient, type TestWorkspace } from "./workspace.ts";

/** What the cases of one file share. */
interface Stage {
  lanes: readonly Lane[];
  workspace: TestWorkspace;
  client: TestClient;
}

/** As many as keep two cores busy while another file does the same. */
const laneCount = 4;

/**
 * The process is ended by SIGKILL at every request of a tick: before the service sees it, when the service has done it
 * and its answer is still on its way, and when the answer has arrived. The requests are those that a tick without a kill
 * was seen to make, so a new step of the code is a new case here.
 */
export function testEveryKill(lives: readonly Life[]): void {
  let postgres: NativePostgres;
  let stage: Stage;
  beforeAll(async () => {
    const [started, workspace] = await Promise.all([startPostgres(), createWorkspace()]);
    postgres = started;
    // One slot a day, so that later ticks have nothing else to do.
    const schedule = { days: "daily", times: ["09:00"], late: { within: "6h" }, min_gap: "1m" };
    const client = await workspace.addClient("acme", { schedule });
    const lanes: Lane[] = [];
    while (lanes.length < laneCount) lanes.push(await openLane(postgres));
    stage = { lanes, workspace, client };
  });
  afterAll(async () => {
    for (const lane of stage.lanes) await lane.close();
    await stage.workspace.remove();
    await postgres.stop();
  });

  test.for(lives)(
    "killed at any step of $name, a slot has one post or a reason for none",
    { timeout: 900_000 },
    (life) => killEverywhere(stage, life),
  );
}

async function killEverywhere(stage: Stage, life: Life): Promise<void> {
  const steps = await recordSteps(stage, life);
  expect(steps.map((step) => step.replace(/ \d+$/, ""))).toEqual(expect.arrayContaining([...life.essential]));
  const cases = casesOf(life, steps);
  const startedMs = performance.now();
  const endings = await eachInLanes(stage, cases, (lane, one) => runCase({ ...stage, lane }, life, one));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  process.stdout.write(
    `${life.name}: ${cases.length} cases at ${steps.length} steps in ${seconds} s, ${tally(endings)}\n`,
  );
  const wrong = cases.flatMap(({ boundary, answer }, index) =>
    (endings[index]?.problems ?? []).map(
      (problem) => `${boundary.step}, ${boundary.phase}, ${answer.name}: ${problem}`,
    ),
  );
  expect(wrong).toEqual([]);
  // A matrix in which X's answers never mattered would prove nothing.
  const refusals = cases.flatMap(({ answer }, index) => (answer.refused ? [endings[index]?.state] : []));
  if (life.essential.includes("POST /2/tweets")) expect(new Set(refusals)).toContain("dead");
  expect(new Set(endings.map(({ state }) => state))).toContain("posted");
}

interface Case {
  boundary: Boundary;
  answer: XAnswer;
}

async function recordSteps(stage: Stage, life: Life): Promise<readonly string[]> {
  const scene = await sceneFor({ ...stage, lane: stage.lanes[0] as Lane }, created);
  try {
    await scene.process(await life.until(scene));
    return [...scene.passage.steps()];
  } finally {
    await scene.close();
  }
}

function casesOf(life: Life, steps: readonly string[]): readonly Case[] {
  const arm = steps.indexOf("arm_slot 1");
  const send = steps.indexOf("POST /2/tweets 1");
  return steps.flatMap((step, index) =>
    phases.flatMap((phase) => {
      const { before, from } = life.answers;
      const isAfterArm = index > arm || (index === arm && phase !== "before");
      const isBeforeSend = index < send || (index === send && phase === "before");
      // X never calls a text a duplicate that did not reach it: after an intent without a send that would be a lie.
      const isPossible = ({ name }: XAnswer) => name !== "403 duplicate" || !(isAfterArm && isBeforeSend);
      // What was done before the kill is what counts: behind a request the outside is as it is before the next one,
      // where every answer has its case.
      const isFrom = arm >= 0 && index >= arm && (phase === "before" || index === send);
      const answers = isFrom ? from : before;
      return answers.filter(isPossible).map((answer) => ({ boundary: { step, phase }, answer }));
    }),
  );
}

/** A case without its kill is made once more: on a busy machine the ledger may answer too late for a tick to get there. */
async function runCase(stage: Stage & { lane: Lane }, life: Life, one: Case): Promise<Ending> {
  try {
    return await kill(stage, life, one).catch((error) => {
      if (error instanceof BoundaryMissed) return kill(stage, life, one);
      throw error;
    });
  } catch (error) {
    return { state: "broken", reason: "", problems: [String(error)] };
  }
}

async function kill(stage: Stage & { lane: Lane }, life: Life, { boundary, answer }: Case): Promise<Ending> {
  const scene = await sceneFor(stage, answer);
  try {
    const minutes = await life.until(scene);
    // Before the process that is killed: it must not pay for a stored draft either.
    const draft = await draftOf(scene);
    scene.nextSend(answer.fault);
    await scene.process(minutes, boundary);
    return await endOf(scene, answer, draft);
  } finally {
    await scene.close();
  }
}

function sceneFor(
  { lane, workspace, client }: Stage & { lane: Lane },
  { duplicateWindowHours = 0 }: XAnswer,
): Promise<Scene> {
  return openScene({ lane, workspace, client, duplicateWindowHours });
}

/** Works through a list with every lane at once; the results stand in the order of the list. */
async function eachInLanes<T, R>(
  { lanes }: Stage,
  list: readonly T[],
  work: (lane: Lane, item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = list.entries();
  const serve = async (lane: Lane) => {
    for (const [index, item] of queue) results[index] = await work(lane, item);
  };
  await Promise.all(lanes.map(serve));
  return results;
}

function tally(endings: readonly Ending[]): string {
  const counts = [...Map.groupBy(endings, ({ state }) => state)].map(([state, list]) => `${list.length} ${state}`);
  return counts.sort().join(", ");
}
