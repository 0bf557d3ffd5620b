import fc from "fast-check";
import { expect, test } from "vitest";
import { asIfActive, castClients, owedSlots } from "../../src/simulate/cast.ts";
import { seededDraws } from "../../src/simulate/draws.ts";
import { exampleClient } from "../due/examples.ts";

const templates = [exampleClient(), exampleClient({ minGapSeconds: 4 * 3600, jitterSeconds: 1200 }, { id: "beta" })];

test("whatever the seed, cast clients share nothing that must be their own, and their times keep the gap", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (seed, count) => {
      const clients = castClients(templates, count, seededDraws(seed));
      expect(clients).toHaveLength(count);
      for (const field of ["id", "handle", "xUserId"] as const) {
        expect(new Set(clients.map((client) => client[field])).size).toBe(count);
      }
      for (const { schedule } of clients) {
        const minutes = schedule.times.map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
        const around = [...minutes, (minutes[0] as number) + 24 * 60];
        const gaps = minutes.map((minute, index) => ((around[index + 1] as number) - minute) * 60);
        expect(minutes).toEqual(minutes.toSorted((one, other) => one - other));
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(schedule.minGapSeconds + schedule.jitterSeconds);
      }
    }),
    { numRuns: 50 },
  );
});

test("the same seed casts the same clients", () => {
  expect(castClients(templates, 9, seededDraws("a"))).toEqual(castClients(templates, 9, seededDraws("a")));
  expect(castClients([], 9, seededDraws("a"))).toEqual([]);
});

test("of the workspace's own clients the rehearsing ones post, and the paused ones stay paused", () => {
  const own = (["active", "rehearsal", "paused"] as const).map((status) => exampleClient({}, { status }));
  expect(asIfActive(own).map(({ status }) => status)).toEqual(["active", "active", "paused"]);
});

test("owed is what can still be on time at the first tick, up to what is planned at the last one", () => {
  const client = exampleClient({ times: ["08:00", "09:00", "10:00"] }, { timezone: "UTC" });
  const owed = owedSlots(client, new Date("2026-11-21T08:30:00Z"), new Date("2026-11-21T10:00:00Z"));
  expect(owed.map(({ id }) => id)).toEqual(["acme/2026-11-21T08:00", "acme/2026-11-21T09:00", "acme/2026-11-21T10:00"]);
  expect(owedSlots({ ...client, status: "paused" }, new Date(0), new Date("2026-11-21T10:00:00Z"))).toEqual([]);
});
