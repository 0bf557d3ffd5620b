import { afterAll, beforeAll, expect, test } from "vitest";
import type { XAnswer } from "../support/crash-answers.ts";
import { type Ending, endOf } from "../support/crash-ending.ts";
import { type Boundary, phases } from "../support/crash-gate.ts";
import { created, type Life, lives } from "../support/crash-lives.ts";
import { type Lane, openLane, openScene, type Scene } from "../support/crash-scene.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { createWorkspace, type TestClient, type TestWorkspace } from "../support/workspace.ts";

/**
 * The process is ended by SIGKILL at every request of a tick: before the service sees it, when the service has done it
 * and its answer is still on its way, and when the answer has arrived. The requests are those that a tick without a kill
 * was seen to make, so a new step of the code is a new case here.
 */
let postgres: NativePostgres;
let workspace: TestWorkspace;
let client: TestClient;
let lanes: Lane[];

beforeAll(async () => {
  [postgres, workspace] = await Promise.all([startPostgres(), createWorkspace()]);
  // One slot a day, so that later ticks have nothing else to do.
  const schedule = { days: "daily", times: ["09:00"], late: { within: "6h" }, min_gap: "1m" };
  client = await workspace.addClient("acme", { schedule });
  lanes = [];
  while (lanes.length < 6) lanes.push(await openLane(postgres));
});
afterAll(async () => {
  for (const lane of lanes) await lane.close();
  await workspace.remove();
  await postgres.stop();
});

test.for(lives)(
  "killed at any step of $name, a slot has one post or a reason for none",
  { timeout: 300_000 },
  async (life) => {
    const steps = await recordSteps(life);
    expect(steps.map((step) => step.replace(/ \d+$/, ""))).toEqual(expect.arrayContaining([...life.essential]));
    const cases = casesOf(life, steps);
    const startedMs = performance.now();
    const endings = await eachInLanes(cases, (lane, { boundary, answer }) => runCase(lane, life, boundary, answer));
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
    if (refusals.length > 0) expect(new Set(refusals)).toContain("dead");
    expect(new Set(endings.map(({ state }) => state))).toContain("posted");
  },
);

interface Case {
  boundary: Boundary;
  answer: XAnswer;
}

async function recordSteps(life: Life): Promise<readonly string[]> {
  const scene = await sceneFor(lanes[0] as Lane, created);
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
      // Behind an answer the outside is as it is before the next request, where every answer has its case.
      const isFrom = arm >= 0 && index >= arm && (phase !== "answered" || index === send);
      const answers = isFrom ? from : before;
      return answers.filter(isPossible).map((answer) => ({ boundary: { step, phase }, answer }));
    }),
  );
}

async function runCase(lane: Lane, life: Life, boundary: Boundary, answer: XAnswer): Promise<Ending> {
  const scene = await sceneFor(lane, answer);
  try {
    const minutes = await life.until(scene);
    scene.nextSend(answer.fault);
    await scene.process(minutes, boundary);
    return await endOf(scene, answer);
  } catch (error) {
    return { state: "broken", reason: "", problems: [String(error)] };
  } finally {
    await scene.close();
  }
}

function sceneFor(lane: Lane, { duplicateWindowHours = 0 }: XAnswer): Promise<Scene> {
  return openScene({ lane, workspace, client, duplicateWindowHours });
}

/** Works through a list with every lane at once; the results stand in the order of the list. */
async function eachInLanes<T, R>(list: readonly T[], work: (lane: Lane, item: T) => Promise<R>): Promise<readonly R[]> {
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
