import { expect, test } from "vitest";
import { type CrashPoint, drawCrash, openPassage, type Step, steps } from "../../src/simulate/crash.ts";
import { seededDraws } from "../../src/simulate/draws.ts";
import { openJournal } from "../../src/simulate/journal.ts";
import { startVirtualTime } from "../../src/simulate/virtual-time.ts";

function start(crash: CrashPoint | undefined) {
  const journal = openJournal();
  const time = startVirtualTime(new Date(0));
  const passage = openPassage({ time, journal, crash });
  const done: string[] = [];
  const call = (step: Step, name: string, ms = 10) =>
    passage.pass(step, ms, async () => {
      done.push(name);
      return name;
    });
  return { journal, time, passage, done, call };
}

test("a run without a crash gets every answer and every error", async () => {
  const { passage, call, time } = start(undefined);
  expect(await call("send", "one")).toBe("one");
  await expect(passage.pass("send", 4, () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  expect(time.clock().getTime()).toBe(14);
});

test.for([
  { phase: "before" as const, effects: ["first"] },
  { phase: "after" as const, effects: ["first", "second"] },
])("a run that dies $phase its second call of a kind reaches nothing any more", async ({ phase, effects }) => {
  const { passage, call, done, journal } = start({ step: "armSlot", nth: 2, phase });
  const answers: string[] = [];
  await call("armSlot", "first");
  void call("armSlot", "second").then((answer) => answers.push(answer));
  await passage.died;
  void call("send", "third").then((answer) => answers.push(answer));
  await new Promise(setImmediate);
  expect({ done, answers }).toEqual({ done: effects, answers: [] });
  expect([...journal.crashes]).toEqual([[`${phase} armSlot`, 1]]);
});

test("what was on its way arrives, and only then the run has ended", async () => {
  const { passage, done, time, call } = start({ step: "send", nth: 1, phase: "before" });
  const slow = passage.pass("storeDraft", 2, async () => {
    void call("send", "never");
    await new Promise(setImmediate);
    done.push("stored");
  });
  void slow;
  await passage.died;
  expect(done).toEqual(["stored"]);
  expect(time.clock().getTime()).toBe(1);
});

test("every step of a slot's life is drawn, before and after", () => {
  const draws = seededDraws("1");
  const points = Array.from({ length: 2000 }, (_, index) => drawCrash(0.5, `run-${index}`, draws));
  const drawn = points.filter((point) => point !== undefined);
  expect(drawn.length).toBeGreaterThan(900);
  expect(new Set(drawn.map(({ step, phase }) => `${step} ${phase}`)).size).toBe(steps.length * 2);
});
