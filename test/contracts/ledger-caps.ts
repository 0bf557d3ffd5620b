import fc from "fast-check";
import { expect, test } from "vitest";
import { at, type OpenLedger } from "../support/ledger.ts";
import { refused, type Steps, stepsOf } from "./ledger-steps.ts";

interface Spending {
  slot: 0 | 1 | 2 | 3;
  act: "claim" | "reserve" | "store" | "arm" | "posted" | "unknown" | "deferred" | "settle" | "expire" | "nextDay";
  /** How much of what it holds a call really costs, in percent. */
  part: number;
}

const spending = fc.record<Spending>({
  slot: fc.constantFrom(0, 1, 2, 3),
  act: fc.constantFrom(
    ...(["claim", "claim", "reserve", "reserve", "reserve", "store", "store", "arm", "arm"] as const),
    ...(["posted", "posted", "unknown", "deferred", "settle", "expire", "nextDay"] as const),
  ),
  part: fc.integer({ min: 0, max: 100 }),
});

const caps = { postsPerDay: 2, completionsPerDay: 8, usdPerMonth: 0.09 };
const everybody = { ...caps, postsPerDay: 3 };

/** Plays a step of one of four clients; what is spent stays within what is held, as the gate and the stages promise. */
async function spend(
  steps: Steps,
  world: { now: number; day: number },
  { slot: n, act, part }: Spending,
): Promise<void> {
  const client = n < 2 ? "acme" : `client-${n}`;
  const id = `${client}/${n}`;
  const row = (await steps.rows("slot")).find((each) => each.id === id);
  const hold = (await steps.rows("hold")).find((each) => each.slot === id);
  const step = { slot: id, client, fence: Number(row?.fence ?? 1), now: at(world.now) };
  const day = `2026-11-${world.day}`;
  const modelUsd = (Number(hold?.model_usd ?? 0) * part) / 100;
  const completions = Math.floor((Number(hold?.completions ?? 0) * part) / 100);
  const xUsd = (Number(hold?.x_usd ?? 0) * part) / 100;
  if (act === "claim") await steps.claim(step);
  if (act === "reserve") await steps.reserve({ ...step, day, globalDay: day, limits: caps, global: everybody });
  if (act === "store")
    await steps.store([`${n} ${"abcdefgh"[n]} ${world.now}`], { ...step, completions, usd: modelUsd });
  if (act === "arm") await steps.arm(step);
  if (act === "posted" || act === "unknown" || act === "deferred")
    await steps.record(act, { ...step, postId: `${n}`, xUsd });
  if (act === "settle") await steps.openTick({ now: at(world.now) });
  if (act === "expire") world.now += 301;
  if (act === "nextDay") world.day += 1;
}

/** Promise 5, for any sequence of calls; `runs` is how many sequences are tried. */
export function capContract(open: OpenLedger, runs: number): void {
  test("what is spent and held never passes a cap, whatever the order of reserving, settling and deferring", async () => {
    let held = 0;
    const rule = async (moves: readonly Spending[]) => {
      const steps = stepsOf(await open());
      const world = { now: 0, day: 21 };
      for (const each of moves) {
        await spend(steps, world, each).catch(refused);
        const over = (await steps.rows("spend")).filter((row) => isOver(row));
        expect(over).toEqual([]);
      }
      const rows = await steps.rows("spend");
      expect(rows.every((row) => Number(row.held_usd) >= 0 && Number(row.held_posts) >= 0)).toBe(true);
      held += rows.length;
    };
    const moves = fc.array(spending, { minLength: 10, maxLength: 40, size: "max" });
    await fc.assert(fc.asyncProperty(moves, rule), { numRuns: runs });
    expect(held).toBeGreaterThan(0);
  });
}

function isOver(row: Record<string, unknown>): boolean {
  const isDay = String(row.period).length === 10;
  const posts = Number(row.posts) + Number(row.held_posts);
  const completions = Number(row.completions) + Number(row.held_completions);
  // Numbers came through JSON: the database itself adds them as exact decimals.
  const usd = Number(row.usd) + Number(row.held_usd) - 1e-9;
  const limit = row.scope === "*" ? everybody : caps;
  return isDay ? posts > limit.postsPerDay || completions > limit.completionsPerDay : usd > limit.usdPerMonth;
}
