import { afterAll, beforeAll, expect, test } from "vitest";
import { xAnswers } from "./crash-answers.ts";
import { type Future, type Kill, killsOf } from "./crash-cases.ts";
import { tellCounts } from "./crash-counts.ts";
import { draftOf, type Ending, endOf } from "./crash-ending.ts";
import { type Lane, openLane } from "./crash-lane.ts";
import { allLives, createStage, type Life } from "./crash-lives.ts";
import { BoundaryMissed, openScene, type Scene } from "./crash-scene.ts";
import { type NativePostgres, startPostgres } from "./postgres.ts";
import type { TestClient, TestWorkspace } from "./workspace.ts";

/** What the cases of one file share. */
interface Stage {
  lanes: readonly Lane[];
  workspace: TestWorkspace;
  client: TestClient;
  /** Steps that ticks made which nobody ended. */
  seen: Set<string>;
}

/** As many as keep two cores busy while another file does the same. */
const laneCount = 4;

/**
 * The process is ended by SIGKILL at every request of a tick: before the service sees it, when the service has done it
 * and its answer is still on its way, and when the answer has arrived. The requests are those that a tick without a kill
 * was seen to make, so a new step of the code is a new case here.
 */
export function testEveryKill(lives: readonly Life[]): void {
  const stage = openStage(laneCount);
  test.for(lives)(
    "killed at any step of $name, a slot has one post or a reason for none",
    { timeout: 900_000 },
    (life) => killEverywhere(stage(), life),
  );
  test("whatever step the later ticks made, in one of all lives the process is ended there", async () => {
    const known: string[] = [];
    for (const life of allLives) known.push(...(await recordSteps(stage(), life)));
    expect([...stage().seen.difference(new Set(known))]).toEqual([]);
  });
}

/** Opened once for the file that calls this. */
export function openStage(laneCount: number): () => Stage {
  let postgres: NativePostgres;
  let stage: Stage;
  beforeAll(async () => {
    const [started, files] = await Promise.all([startPostgres(), createStage()]);
    postgres = started;
    const lanes: Lane[] = [];
    while (lanes.length < laneCount) lanes.push(await openLane(postgres));
    stage = { lanes, ...files, seen: new Set() };
  });
  afterAll(async () => {
    for (const lane of stage.lanes) await lane.close();
    await stage.workspace.remove();
    await postgres.stop();
  });
  return () => stage;
}

async function killEverywhere(stage: Stage, life: Life): Promise<void> {
  // A whole process: those that come find its modules compiled and its files read.
  const steps = await recordSteps(stage, life, "process");
  expect(steps).toEqual(expect.arrayContaining([...life.essential]));
  const kills = killsOf(life, steps);
  const startedMs = performance.now();
  const all = await eachInLanes(stage, kills, (lane, kill) => runKill({ ...stage, lane }, life, kill));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const ended = all.flat();
  const endings = ended.map(({ ending }) => ending);
  const processes = `${kills.length} processes ended at ${steps.length} steps`;
  tellCounts(
    `${life.name}: ${ended.length} cases, ${processes}, ${answersOf(life)}, in ${seconds} s: ${tally(endings)}`,
  );
  const wrong = ended.flatMap(({ what, ending }) => ending.problems.map((problem) => `${what}: ${problem}`));
  expect(wrong).toEqual([]);
  expect(ended.length).toBeGreaterThanOrEqual(life.atLeast);
  // A matrix in which X's answers never mattered would prove nothing.
  const refusals = ended.flatMap(({ isRefused, ending }) => (isRefused ? [ending.state] : []));
  if (refusals.length > 0) expect(new Set(refusals)).toContain("dead");
  expect(new Set(endings.map(({ state }) => state))).toContain("posted");
}

/** Which reduction of X's answers was used. */
function answersOf({ answers: { before, from } }: Life): string {
  return `${from.length} of ${xAnswers.length} answers of X from the intent on and ${before.length} before it`;
}

/** The requests of the tick at which a life is ended, when it is not ended. */
export async function recordSteps(
  { lanes, ...stage }: Stage,
  life: Life,
  run: "process" | "tick" = "tick",
): Promise<readonly string[]> {
  const scene = await sceneFor({ ...stage, lane: lanes[0] as Lane }, life);
  try {
    await scene[run](await life.until(scene));
    return [...scene.steps()];
  } finally {
    await scene.close();
  }
}

interface Ended {
  what: string;
  isRefused: boolean;
  ending: Ending;
}

/** A kill that did not happen is tried once more: on a busy machine the ledger may answer too late for a tick to get there. */
async function runKill(stage: Stage & { lane: Lane }, life: Life, one: Kill): Promise<readonly Ended[]> {
  try {
    return await kill(stage, life, one).catch((error) => {
      if (error instanceof BoundaryMissed) return kill(stage, life, one);
      throw error;
    });
  } catch (error) {
    return one.futures.map((future) => ended(one, future, broken(error)));
  }
}

async function kill(stage: Stage & { lane: Lane }, life: Life, one: Kill): Promise<readonly Ended[]> {
  const scene = await sceneFor(stage, life);
  try {
    const minutes = await life.until(scene);
    // Before the process that is killed: it must not pay for a stored draft either.
    const draft = await draftOf(scene);
    answerWith(scene, life, one.given);
    await scene.process(minutes, one.boundary);
    const bringBack = await scene.keep();
    const all: Ended[] = [];
    for (const future of one.futures) {
      if (all.length > 0) await bringBack();
      if (one.given === undefined) answerWith(scene, life, future.answer);
      if (future.arrives) await scene.arrive();
      all.push(ended(one, future, await endOf(scene, future.answer, draft).catch(broken)));
    }
    return all;
  } finally {
    await scene.close();
  }
}

function answerWith({ moment }: Scene, life: Life, answer: Future["answer"] | undefined): void {
  moment.fault = answer?.fault;
  moment.duplicateWindowHours = answer?.duplicateWindowHours ?? life.duplicateWindowHours ?? 0;
}

function broken(error: unknown): Ending {
  return { state: "broken", reason: "", problems: [String(error)] };
}

function ended({ boundary: { step, phase } }: Kill, { answer, arrives }: Future, ending: Ending): Ended {
  const what = [step, phase, ...(arrives ? ["and then it arrives"] : []), answer.name].join(", ");
  return { what, isRefused: answer.refused !== undefined, ending };
}

function sceneFor(
  stage: Omit<Stage, "lanes"> & { lane: Lane },
  { args, duplicateWindowHours = 0 }: Life,
): Promise<Scene> {
  return openScene({ ...stage, duplicateWindowHours, ...(args && { args }) });
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
