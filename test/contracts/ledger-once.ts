import fc from "fast-check";
import { expect, test } from "vitest";
import { at, type OpenLedger, runInfo } from "../support/ledger.ts";
import { refused, type Steps, stepsOf } from "./ledger-steps.ts";

/** One of two runs does something with one slot, a while after the step before. */
interface Move {
  run: 0 | 1;
  act: "open" | "claim" | "store" | "arm" | "absent" | "posted" | "unknown" | "deferred" | "dead" | "close" | "crash";
  seconds: number;
}

const move = fc.record<Move>({
  run: fc.constantFrom(0, 1),
  // Steps on the way to a post come more often, so that many sequences get there.
  act: fc.constantFrom(
    ...([
      "open",
      "open",
      "claim",
      "claim",
      "store",
      "store",
      "arm",
      "arm",
      "arm",
      "absent",
      "absent",
      "absent",
    ] as const),
    ...(["posted", "unknown", "unknown", "deferred", "dead", "close", "crash"] as const),
  ),
  seconds: fc.constantFrom(0, 1, 30, 60, 61, 300, 301, 3600),
});

/** Every sequence begins with a send: before it there is nothing that could happen twice. */
const firstSend = (["claim", "store", "arm"] as const).map((act): Move => ({ run: 0, act, seconds: 0 }));

/** What X has: it may take a text whose answer is lost, and it shows on the timeline what it took. */
interface World {
  now: number;
  /** Texts that X made public. */
  published: number;
  fences: [number, number];
  /** The run that has armed and not yet heard the answer. */
  awaiting: [boolean, boolean];
}

/** Plays a move as code that keeps the rules of design section 4 would, except that it may crash anywhere. */
async function play(steps: Steps, world: World, { run, act, seconds }: Move, accepted: () => boolean): Promise<void> {
  world.now += seconds;
  const step = { run: `run-${run}`, now: at(world.now), fence: world.fences[run], leaseSeconds: 300 };
  const answer = async (outcome: "posted" | "unknown" | "deferred" | "dead") => {
    world.awaiting[run] = false;
    await steps.record(outcome, { ...step, postId: "1" });
  };
  switch (act) {
    case "open": {
      const { unsettled } = await steps.ledger.openTick({ run: runInfo(step.run), now: step.now, leaseSeconds: 300 });
      if (unsettled[0] !== undefined) world.fences[run] = unsettled[0].fence;
      return;
    }
    case "claim":
      world.fences[run] = (await steps.claim(step))?.fence ?? world.fences[run];
      return;
    case "store":
      await steps.store([`text of ${run}`], step);
      return;
    case "arm":
      if (!(await steps.arm(step)).armed) return;
      if (accepted()) world.published += 1;
      world.awaiting[run] = true;
      return;
    case "absent":
      // A run reads the timeline and finds the post, if it is public; only if it is not, it was absent.
      if (world.published > 0) await steps.record("posted", { ...step, postId: "1" });
      else await steps.absent(step);
      return;
    case "crash":
      world.awaiting[run] = false;
      // Its fence dies with a process: whoever goes on has one of its own.
      world.fences[run] = 0;
      return;
    case "close":
      await steps.claimAll({
        ...step,
        closed: [{ slot, client: "acme", plannedAt: at(0), outcome: "missed", reason: "late" }],
      });
      return;
    case "posted":
      if (world.awaiting[run] && world.published > 0) await answer("posted");
      return;
    case "deferred":
      // Deferring after a send says that it did not leave. A settler may defer too: it has not armed.
      if (!world.awaiting[run] || world.published === 0) await answer("deferred");
      return;
    default:
      await answer(act);
  }
}

const slot = "acme/2026-11-21T09:00";

/** Promise 1, for any sequence of calls; `runs` is how many sequences are tried. */
export function onceContract(open: OpenLedger, runs: number): void {
  test("no sequence of calls by two runs makes X publish a slot twice, or ends it with two posts", async () => {
    let posted = 0;
    const rule = async (moves: readonly Move[], answers: readonly boolean[]) => {
      const steps = stepsOf(await open());
      const world: World = { now: 0, published: 0, fences: [0, 0], awaiting: [false, false] };
      let sends = 0;
      for (const each of moves) {
        await play(steps, world, each, () => answers[sends++ % answers.length] ?? true).catch(refused);
      }
      expect(world.published).toBeLessThanOrEqual(1);
      const posts = await steps.rows("post");
      expect(posts.length).toBeLessThanOrEqual(world.published);
      expect((await steps.rows("send")).length).toBeLessThan(10);
      posted += posts.length;
    };
    const moves = fc.array(move, { minLength: 5, maxLength: 25, size: "max" }).map((later) => [...firstSend, ...later]);
    const answers = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(moves, answers, rule), { numRuns: runs });
    // A rule that holds because nothing was ever posted would prove nothing.
    expect(posted).toBeGreaterThan(0);
  });
}
