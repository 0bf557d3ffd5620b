import { expect, test } from "vitest";
import type { DeadLetter } from "../src/levers.ts";
import type { OpenSlot, TickState } from "../src/ports.ts";
import { retryVerdicts } from "../src/retry.ts";
import type { Client, Schedule, Workspace } from "../src/terms.ts";
import { exampleClient, exampleClientState, exampleState } from "./due/examples.ts";

const slot = "acme/2026-11-21T09:00";
const plannedAt = new Date("2026-11-21T08:00Z");
const tenPastNine = new Date("2026-11-21T08:10Z");

function letterOf(change: Partial<DeadLetter> = {}): DeadLetter {
  const ended = { state: "dead", endedAt: plannedAt, mayHaveLeft: 0, hasPost: false, draft: "kept" } as const;
  return { slot, client: "acme", plannedAt, ...ended, ...change };
}

interface Case {
  letters?: readonly DeadLetter[];
  clients?: readonly Client[];
  broken?: readonly string[];
  state?: Partial<TickState>;
  now?: Date;
}

function judge({ letters = [letterOf()], clients, broken = [], state = {}, now = tenPastNine }: Case) {
  const workspace = { clients: clients ?? [exampleClient()], broken: new Set(broken) } as unknown as Workspace;
  const known = { clients: new Map([["acme", exampleClientState({ plannedUntil: tenPastNine })]]) };
  return retryVerdicts(letters, { workspace, state: exampleState({ ...known, ...state }), now });
}

const withSchedule = (schedule: Partial<Schedule>) => [exampleClient(schedule)];
const open = (id: string, state: OpenSlot["state"], at: string): OpenSlot => ({
  id,
  client: "acme",
  plannedAt: new Date(at),
  state,
});

test.for<Case & { when: string; note: string }>([
  { when: "in time", note: "the next tick takes it; after 2026-11-21 08:45 UTC it is missed" },
  {
    when: "of a client whose slots are posted however late",
    clients: withSchedule({ lateThen: "post" }),
    note: "the next tick takes it",
  },
  { when: "while everything is halted", state: { halted: "w" }, note: "it waits: everything is halted: w; after" },
  {
    when: "while the client rests",
    state: {
      clients: new Map([
        [
          "acme",
          exampleClientState({
            backoff: { until: new Date("2026-11-22T08:00Z"), reason: "X says no" },
            plannedUntil: tenPastNine,
          }),
        ],
      ]),
    },
    note: "it waits: X says no; after",
  },
  {
    when: "beside a newer send that is not settled",
    clients: withSchedule({ times: ["09:00", "09:05"] }),
    state: { open: [open("acme/2026-11-21T09:05", "unknown", "2026-11-21T08:05Z")] },
    note: "the next tick takes it; after",
  },
])("a safe dead letter $when can be retried: $note", ({ note, ...given }) => {
  expect(judge(given).get(slot)).toEqual({ retry: true, note: expect.stringMatching(new RegExp(`^${note}`)) });
});

test.for<Case & { when: string; why: RegExp }>([
  { when: "posted", letters: [letterOf({ state: "posted", hasPost: true })], why: /^it is posted already$/ },
  { when: "dead with a post", letters: [letterOf({ hasPost: true })], why: /^it is posted already$/ },
  {
    when: "at work",
    letters: [letterOf({ state: "claimed" })],
    why: /^it is no dead letter: the ledger has it as claimed$/,
  },
  {
    when: "sent once without an answer",
    letters: [letterOf({ mayHaveLeft: 1 })],
    why: /\(1 send without a clear answer\)/,
  },
  {
    when: "sent twice without an answer",
    letters: [letterOf({ mayHaveLeft: 2 })],
    why: /\(2 sends without a clear answer\)/,
  },
  { when: "too late", now: new Date("2026-11-21T08:45:01Z"), why: /^it would not be posted any more: 46 min late/ },
  {
    when: "too late, while another slot is at work",
    now: new Date("2026-11-21T08:45:01Z"),
    state: { open: [open("acme/2026-11-20T09:00", "claimed", "2026-11-20T08:00Z")] },
    why: /46 min late/,
  },
  {
    when: "older than a slot that waits",
    clients: withSchedule({ times: ["09:00", "09:05"] }),
    state: { open: [open("acme/2026-11-21T09:05", "waiting", "2026-11-21T08:05Z")] },
    why: /a newer slot of this client is due/,
  },
  {
    when: "older than a slot that no tick has seen yet",
    clients: withSchedule({ times: ["09:00", "09:05"] }),
    state: { clients: new Map([["acme", exampleClientState({ plannedUntil: new Date("2026-11-21T08:01Z") })]]) },
    why: /a newer slot of this client is due/,
  },
  { when: "no longer in the schedule", clients: withSchedule({ times: ["10:00"] }), why: /no longer in the schedule/ },
  { when: "of a paused client", clients: [exampleClient({}, { status: "paused" })], why: /the client is paused/ },
  { when: "of a client without a file", clients: [], why: /the client's file was removed/ },
  {
    when: "of a client with a broken file",
    clients: [],
    broken: ["acme"],
    why: /^clients\/acme\.yaml has an error: mend it first$/,
  },
])("a slot that is $when is refused", ({ why, ...given }) => {
  expect(judge(given).get(slot)).toEqual({ retry: false, why: expect.stringMatching(why) });
});

test("of two dead letters of one client only the newer one is worth a retry, unless it is unsafe", () => {
  const clients = withSchedule({ times: ["09:00", "09:05"] });
  const newer = { slot: "acme/2026-11-21T09:05", plannedAt: new Date("2026-11-21T08:05Z") };
  const takes = (mayHaveLeft: number) =>
    [...judge({ clients, letters: [letterOf(), letterOf({ ...newer, mayHaveLeft })] })].map(([, { retry }]) => retry);
  expect(takes(0)).toEqual([false, true]);
  expect(takes(1)).toEqual([true, false]);
});
