import { expect, test } from "vitest";
import { reservation } from "../../src/gate/reserve.ts";
import type { Claim } from "../../src/ports.ts";
import type { Client, Draft } from "../../src/terms.ts";

const limits = { postsPerDay: 10, completionsPerDay: 50, usdPerMonth: 20 };
const cost = { completions: 3, modelUsd: 0.01, xUsd: 0.2 };
const claim: Claim = { slot: "acme/2026-11-21T09:00", fence: 4, recentTexts: [], recentFallbacks: [], recentLinks: 0 };
const client = { id: "acme", status: "active", timezone: "UTC", limits } as unknown as Client;

function reserveOne(change: { claim?: Partial<Claim>; client?: Partial<Client>; now?: string }) {
  const { slots, global } = reservation({
    run: "run-1",
    now: new Date(change.now ?? "2026-11-21T09:00:00Z"),
    slots: [{ claim: { ...claim, ...change.claim }, client: { ...client, ...change.client }, cost }],
    global: limits,
  });
  return { slot: slots[0], global };
}

test("an active client's slot holds a post, every completion and both prices", () => {
  expect(reserveOne({}).slot).toEqual({
    dayEndsAt: new Date("2026-11-22T00:00Z"),
    slot: claim.slot,
    fence: 4,
    client: "acme",
    day: "2026-11-21",
    month: "2026-11",
    posts: 1,
    limits,
    ...cost,
  });
});

test("a stored draft holds no model money", () => {
  const draft = { text: "stored" } as Draft;
  expect(reserveOne({ claim: { draft } }).slot).toMatchObject({ posts: 1, completions: 0, modelUsd: 0, xUsd: 0.2 });
});

test("a rehearsal holds no post and no price of X", () => {
  expect(reserveOne({ client: { status: "rehearsal" } }).slot).toMatchObject({ posts: 0, completions: 3, xUsd: 0 });
});

test.for([
  { timezone: "Pacific/Auckland", now: "2026-11-30T11:30:00Z", day: "2026-12-01", month: "2026-12" },
  { timezone: "America/New_York", now: "2026-12-01T04:30:00Z", day: "2026-11-30", month: "2026-11" },
])(
  "a client in $timezone spends from its own day and month, all clients from UTC's",
  ({ timezone, now, day, month }) => {
    const { slot, global } = reserveOne({ client: { timezone }, now });
    expect(slot).toMatchObject({ day, month });
    expect(global).toMatchObject({ day: now.slice(0, 10), month: now.slice(0, 7) });
  },
);
