import fc from "fast-check";
import { expect, test } from "vitest";
import { pickNumber, pickTopic, slotLocalTime } from "../../src/generate/topic.ts";
import { client } from "./fixtures.ts";

/** Ids of all slots of a schedule from a Monday on. */
function slotIds(days: readonly number[], times: readonly string[], weeks: number): readonly string[] {
  const monday = Date.parse("2026-11-16T00:00:00Z");
  return Array.from({ length: weeks * 7 }, (_, day) => day)
    .filter((day) => days.includes((day % 7) + 1))
    .flatMap((day) => {
      const date = new Date(monday + day * 86_400_000).toISOString().slice(0, 10);
      return times.map((time) => `acme/${date}T${time}`);
    });
}

const days = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }).map((list) => list.toSorted());
const times = fc
  .uniqueArray(fc.constantFrom("00:00", "06:30", "09:00", "12:15", "23:00"), { minLength: 1 })
  .map((list) => list.toSorted());
const topics = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 12 });

test("two neighbouring slots never share a topic when there are two", () => {
  fc.assert(
    fc.property(days, times, topics, (days, times, topics) => {
      const owner = { id: "acme", topics, schedule: { ...client.schedule, days, times } };
      const picked = slotIds(days, times, 6).map((id) => pickTopic(owner, id));
      for (let at = 1; at < picked.length; at += 1) expect(picked[at]).not.toBe(picked[at - 1]);
    }),
  );
});

test("every topic is used about equally often", () => {
  const ids = slotIds([1, 2, 3, 4, 5, 6, 7], ["09:00", "17:30"], 10);
  const picked = ids.map((id) => pickTopic(client, id));
  const counts = client.topics.map((topic) => picked.filter((other) => other === topic).length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
});

test("two clients with the same topics take them in different orders", () => {
  const ids = slotIds([1, 2, 3, 4, 5, 6, 7], ["09:00"], 4);
  const order = (id: string) => ids.map((slotId) => pickTopic({ ...client, id }, slotId)).join();
  expect(order("acme")).not.toBe(order("other"));
  expect(order("acme")).toBe(order("acme"));
});

test("a client with one topic keeps it", () => {
  expect(pickTopic({ ...client, topics: ["water"] }, "acme/2026-11-21T09:00")).toBe("water");
});

test("the local time is read from the slot's id", () => {
  expect(slotLocalTime("acme/2026-11-21T09:00")).toEqual({ date: "2026-11-21", time: "09:00" });
});

test("a picked number stays below its bound and depends on the seed alone", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 1000 }), (seed, bound) => {
      const number = pickNumber(seed, bound);
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(bound);
      expect(pickNumber(seed, bound)).toBe(number);
    }),
  );
});
