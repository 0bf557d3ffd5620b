import { expect, test } from "vitest";
import { planDue } from "../src/due/plan.ts";
import { latestAt, whyMissed } from "../src/lateness.ts";
import { exampleClient, exampleState } from "./due/examples.ts";

const plannedAt = new Date("2026-11-21T08:00:00Z");
const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt };
const after = (seconds: number) => new Date(plannedAt.getTime() + seconds * 1000);

test.for([
  { lateThen: "skip", limit: 2700, at: 0, missed: false },
  { lateThen: "skip", limit: 2700, at: 2700, missed: false },
  { lateThen: "skip", limit: 2700, at: 2700.001, missed: true },
  { lateThen: "skip", limit: 90, at: 91, missed: true },
  { lateThen: "skip", limit: 2700, at: 90_000, missed: true },
  { lateThen: "post", limit: 2700, at: 90_000, missed: false },
] as const)(
  "$at s after its time, with $limit s and then $lateThen, the plan says the same: missed is $missed",
  (one) => {
    const client = exampleClient({ lateWithinSeconds: one.limit, lateThen: one.lateThen });
    const now = after(one.at);
    const open = [{ ...slot, state: "waiting" as const }];
    const { closed } = planDue({ clients: [client], broken: new Set(), state: exampleState({ open }), now });
    const why = whyMissed(slot, client.schedule, now);
    expect(why !== undefined).toBe(one.missed);
    expect(closed.find(({ slot: { id } }) => id === slot.id)?.reason).toBe(why);
  },
);

test("a slot has a last instant only where a late one is skipped", () => {
  expect(latestAt(slot, { lateThen: "skip", lateWithinSeconds: 60 })).toEqual(after(60));
  expect(latestAt(slot, { lateThen: "post", lateWithinSeconds: 60 })).toBeUndefined();
});
