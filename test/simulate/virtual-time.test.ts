import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { startVirtualTime } from "../../src/simulate/virtual-time.ts";

const from = new Date("2026-11-21T00:00:00Z");

test("sleepers wake in the order of their time, and overlap as they would in reality", async () => {
  const time = startVirtualTime(from);
  const seen: string[] = [];
  const worker = async (name: string, steps: readonly number[]) => {
    for (const ms of steps) {
      await time.sleep(ms);
      seen.push(`${name} ${time.clock().getTime() - from.getTime()}`);
    }
  };
  await Promise.all([worker("a", [100, 100]), worker("b", [50, 250]), worker("c", [150])]);
  expect(seen).toEqual(["b 50", "a 100", "c 150", "a 200", "b 300"]);
});

test("time stands still while anything works, however long that takes", async () => {
  const time = startVirtualTime(from);
  const asleep = time.sleep(10).then(() => time.clock().getTime());
  const work = time.busy(async () => {
    for (let turns = 0; turns < 5; turns += 1) await turn();
    return time.clock().getTime();
  });
  expect(await work).toBe(from.getTime());
  expect(await asleep).toBe(from.getTime() + 10);
});

test("work that fails lets time go on", async () => {
  const time = startVirtualTime(from);
  await expect(time.busy(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await time.sleep(5);
  time.advanceTo(new Date(from.getTime() + 1));
  expect(time.clock().getTime()).toBe(from.getTime() + 5);
});
