import { describe, expect, test } from "vitest";
import { planDue } from "../../src/due/plan.ts";
import type { OpenSlot, TickState, UnsettledSlot } from "../../src/ports.ts";
import type { Client } from "../../src/terms.ts";
import { exampleClient, exampleClientState, exampleState } from "./examples.ts";

/** 10 minutes after the slot of 09:00 in Berlin. */
const now = new Date("2026-11-20T08:10:00Z");
const known = new Map([["acme", exampleClientState()]]);

function plan(clients: readonly Client[], state: Partial<TickState> = {}, at = now, broken: readonly string[] = []) {
  const input = { clients, broken: new Set(broken), state: exampleState({ clients: known, ...state }), now: at };
  const { due, deferred, closed, planned } = planDue(input);
  return {
    due: due.map(({ slot, latenessSeconds }) => `${slot.id} ${latenessSeconds}`),
    deferred: deferred.map(({ slot, reason, report }) => `${slot.id} ${reason}${report ? "" : " (quiet)"}`),
    closed: closed.map(({ slot, outcome, reason }) => `${slot.id} ${outcome}: ${reason}`),
    planned,
  };
}

function open(id: string, fields: Partial<OpenSlot> = {}): OpenSlot {
  return { id, client: id.split("/")[0] ?? "", plannedAt: new Date("2026-11-20T08:00Z"), state: "waiting", ...fields };
}

function unsettled(id: string): UnsettledSlot {
  const draft = {
    text: "A tip.",
    hash: "00",
    source: "model",
    prompt: "tip",
    promptVersion: "1",
    topic: "tools",
    hasLink: false,
  } as const;
  const at = new Date("2026-11-20T07:00Z");
  return { id, client: "acme", plannedAt: at, fence: 1, draft, xUserId: "1", armedAt: at, sends: 1, absentReads: 0 };
}

const nothing = { due: [], deferred: [], closed: [], planned: ["acme"] };
const today = "acme/2026-11-20T09:00";

describe("a slot that is new", () => {
  test("is due from its minute on", () => {
    expect(plan([exampleClient()])).toEqual({ ...nothing, due: [`${today} 600`] });
  });

  test("does not exist a second before", () => {
    expect(plan([exampleClient()], {}, new Date("2026-11-20T07:59:59Z"))).toEqual({ ...nothing, planned: [] });
  });

  test("carries its client, so that the next stages need no look-up", () => {
    const client = exampleClient();
    const state = exampleState({ clients: known });
    expect(planDue({ clients: [client], broken: new Set(), state, now }).due[0]?.client).toBe(client);
  });

  test("waits quietly for the end of its jitter, and stands in the plan so that the ledger keeps it", () => {
    const client = exampleClient({ jitterSeconds: 600 });
    expect(plan([client], {}, new Date("2026-11-20T08:03:37Z"))).toEqual({
      ...nothing,
      deferred: [`${today} planned for a later minute (quiet)`],
    });
    expect(plan([client], {}, new Date("2026-11-20T08:03:38Z")).due).toEqual([`${today} 0`]);
  });

  test("is not doubled when the ledger has it already; the instant stored there counts", () => {
    const stored = open(today, { plannedAt: new Date("2026-11-20T08:05Z") });
    expect(plan([exampleClient()], { open: [stored] })).toEqual({ ...nothing, due: [`${today} 300`] });
  });

  test("is planned as well for a rehearsal", () => {
    expect(plan([exampleClient({}, { status: "rehearsal" })]).due).toEqual([`${today} 600`]);
  });
});

describe("a client the ledger has never seen", () => {
  test.for([
    { when: "still on time", at: "2026-11-20T08:44:59Z", due: [`${today} 2699`] },
    { when: "too old to be on time", at: "2026-11-20T08:45:00Z", due: [] },
  ])("owes a slot that is $when: $due", ({ at, due }) => {
    expect(plan([exampleClient()], { clients: new Map() }, new Date(at))).toEqual({ ...nothing, due });
  });
});

describe("lateness", () => {
  test.for([
    { minutes: 45, seconds: 0, expected: { due: [`${today} 2700`] } },
    {
      minutes: 45,
      seconds: 1,
      expected: { closed: [`${today} missed: 46 min late, the limit is 45 min`] },
    },
    { minutes: 52, seconds: 0, expected: { closed: [`${today} missed: 52 min late, the limit is 45 min`] } },
    {
      minutes: 125,
      seconds: 0,
      expected: { closed: [`${today} missed: 2 h 5 min late, the limit is 45 min`] },
    },
  ])("$minutes min $seconds s with skip", ({ minutes, seconds, expected }) => {
    const at = new Date(Date.parse("2026-11-20T08:00Z") + (minutes * 60 + seconds) * 1000);
    expect(plan([exampleClient()], {}, at)).toEqual({ ...nothing, ...expected });
  });

  test("with post, a slot too late is still served", () => {
    expect(plan([exampleClient({ lateThen: "post" })], {}, new Date("2026-11-20T20:00Z")).due).toEqual([
      `${today} 43200`,
    ]);
  });
});

describe("after an outage", () => {
  test("only the newest slot is served; every other one is missed with a reason", () => {
    const clients = new Map([["acme", exampleClientState({ plannedUntil: new Date("2026-11-17T12:00Z") })]]);
    const outcome = plan([exampleClient({ lateThen: "post" })], { clients }, now);
    expect(outcome).toEqual({
      ...nothing,
      due: [`${today} 600`],
      closed: [
        "acme/2026-11-19T09:00 missed: a newer slot of this client is due",
        "acme/2026-11-18T09:00 missed: a newer slot of this client is due",
      ],
    });
  });

  test("a slot that waits in the ledger gives way to a newer one, too", () => {
    const client = exampleClient({ times: ["08:50", "09:00"] });
    const waiting = open("acme/2026-11-20T08:50", { plannedAt: new Date("2026-11-20T07:50Z") });
    const clients = new Map([["acme", exampleClientState({ plannedUntil: new Date("2026-11-20T07:55Z") })]]);
    expect(plan([client], { clients, open: [waiting] })).toEqual({
      ...nothing,
      due: [`${today} 600`],
      closed: ["acme/2026-11-20T08:50 missed: a newer slot of this client is due"],
    });
  });

  test("of two slots of one instant, the later id is served", () => {
    const client = exampleClient({ times: ["02:30", "03:30"] });
    const clients = new Map([["acme", exampleClientState({ plannedUntil: new Date("2026-03-29T00:00Z") })]]);
    const outcome = plan([client], { clients }, new Date("2026-03-29T01:30Z"));
    expect(outcome.due).toEqual(["acme/2026-03-29T03:30 0"]);
    expect(outcome.closed).toEqual(["acme/2026-03-29T02:30 missed: a newer slot of this client is due"]);
  });
});

describe("a due slot is deferred, and reported,", () => {
  const at = (iso: string) => new Date(iso);
  test.for([
    {
      why: "when everything is halted",
      state: { halted: "X wants money" },
      client: {},
      reason: "everything is halted: X wants money",
    },
    {
      why: "when its client is halted",
      state: {},
      client: { halted: "account locked" },
      reason: "this client is halted: account locked",
    },
    {
      why: "while its client backs off",
      state: {},
      client: { backoff: { until: at("2026-11-20T08:10:01Z"), reason: "X: 100 posts in 15 min are used up" } },
      reason: "X: 100 posts in 15 min are used up",
    },
    {
      why: "within the gap after the last post",
      state: {},
      client: { lastSentAt: at("2026-11-20T07:57:10Z") },
      reason: "min_gap: the last post was 12 min ago, the gap is 30 min",
    },
    {
      why: "up to the last second of that gap",
      state: {},
      client: { lastSentAt: at("2026-11-20T07:40:01Z") },
      reason: "min_gap: the last post was 29 min ago, the gap is 30 min",
    },
    {
      why: "when the last post is in the future because a clock was wrong",
      state: {},
      client: { lastSentAt: at("2026-11-20T09:00Z") },
      reason: "min_gap: the last post was 0 s ago, the gap is 30 min",
    },
  ])("$why", ({ state, client, reason }) => {
    const clients = new Map([["acme", exampleClientState(client)]]);
    expect(plan([exampleClient()], { ...state, clients })).toEqual({ ...nothing, deferred: [`${today} ${reason}`] });
  });

  test.for([
    { why: "the back-off ends now", client: { backoff: { until: now, reason: "X asked for a pause" } } },
    { why: "the gap ends now", client: { lastSentAt: new Date(now.getTime() - 30 * 60_000) } },
  ])("but not when $why", ({ client }) => {
    expect(plan([exampleClient()], { clients: new Map([["acme", exampleClientState(client)]]) }).due).toEqual([
      `${today} 600`,
    ]);
  });
});

describe("while a slot of the client is at work", () => {
  const twice = exampleClient({ times: ["08:50", "09:00"] });
  const first = "acme/2026-11-20T08:50";
  const clients = new Map([["acme", exampleClientState({ plannedUntil: new Date("2026-11-20T07:55Z") })]]);
  const another = "another run is working on this client";
  const earlier = "an earlier send is not settled yet";

  test.for([
    {
      what: "claimed with a live lease",
      fields: { state: "claimed", leaseUntil: new Date(now.getTime() + 1) },
      reason: another,
    },
    { what: "armed", fields: { state: "armed", leaseUntil: new Date(now.getTime() + 1) }, reason: earlier },
    { what: "armed, its lease over", fields: { state: "armed", leaseUntil: now }, reason: earlier },
    { what: "of unknown outcome", fields: { state: "unknown" }, reason: earlier },
  ] as const)("$what, it is left alone and the others wait", ({ fields, reason }) => {
    expect(plan([twice], { clients, open: [open(first, fields)] })).toEqual({
      ...nothing,
      deferred: [`${today} ${reason}`],
    });
  });

  test("a send that this run is to settle holds the others up, listed as open or not", () => {
    const expected = { ...nothing, deferred: [`${today} ${earlier}`] };
    const leased = open(first, { state: "claimed", leaseUntil: new Date(now.getTime() + 1) });
    expect(plan([twice], { clients, unsettled: [unsettled(first)] })).toEqual(expected);
    expect(plan([twice], { clients, open: [leased], unsettled: [unsettled(first)] })).toEqual(expected);
  });

  test("the send of another client holds nobody up", () => {
    const other = open("globex/2026-11-20T09:00", { state: "unknown" });
    const both = [exampleClient(), exampleClient({}, { id: "globex" })];
    expect(plan(both, { open: [other] }).due).toEqual([`${today} 600`]);
  });

  test.for([
    { what: "has ended", leaseUntil: now },
    { what: "was never written", leaseUntil: undefined },
  ])("a claim whose lease $what counts as waiting", ({ leaseUntil }) => {
    const slot = open(today, { state: "claimed", ...(leaseUntil && { leaseUntil }) });
    expect(plan([exampleClient()], { open: [slot] })).toEqual({ ...nothing, due: [`${today} 600`] });
  });

  test("slots that are too late wait as well, and are closed once the other one has ended", () => {
    const late = open("acme/2026-11-19T09:00", { plannedAt: new Date("2026-11-19T08:00Z") });
    expect(plan([twice], { clients, open: [late, open(first, { state: "unknown" })] }).deferred).toEqual([
      `acme/2026-11-19T09:00 ${earlier}`,
      `${today} ${earlier}`,
    ]);
  });
});

describe("a waiting slot ends as skipped", () => {
  test("when its client is paused, which owes nothing new", () => {
    const paused = exampleClient({}, { status: "paused" });
    const slots = [open("acme/2026-11-19T09:00"), open("acme/2026-11-18T09:00", { state: "unknown" })];
    expect(plan([paused], { open: slots })).toEqual({
      ...nothing,
      closed: ["acme/2026-11-19T09:00 skipped: the client is paused"],
    });
  });

  test("when its client's file was removed", () => {
    const slots = [open("gone/2026-11-20T09:00"), open("gone/2026-11-19T09:00", { state: "armed" })];
    expect(plan([], { open: slots })).toEqual({
      ...nothing,
      closed: ["gone/2026-11-20T09:00 skipped: the client's file was removed"],
      planned: [],
    });
  });

  test("when the schedule no longer has its time; a send that is out is left alone", () => {
    const slots = [open("acme/2026-11-20T08:15"), open("acme/2026-11-20T07:15", { state: "unknown" })];
    const clients = new Map([["acme", exampleClientState({ plannedUntil: now })]]);
    expect(plan([exampleClient()], { clients, open: slots })).toEqual({
      ...nothing,
      closed: ["acme/2026-11-20T08:15 skipped: no longer in the schedule"],
    });
  });
});

describe("bookkeeping", () => {
  test("a broken client is not touched at all: no new slot, no end, no watermark", () => {
    expect(plan([], { open: [open(today)] }, now, ["acme"])).toEqual({ ...nothing, planned: [] });
    expect(plan([exampleClient()], { open: [open(today)] }, now, ["acme"])).toEqual({ ...nothing, planned: [] });
  });

  test("what a client owed while its file was broken is missed once the file is mended", () => {
    const clients = new Map([["acme", exampleClientState({ plannedUntil: new Date("2026-11-18T12:00Z") })]]);
    expect(plan([exampleClient()], { clients })).toEqual({
      ...nothing,
      due: [`${today} 600`],
      closed: ["acme/2026-11-19T09:00 missed: 24 h 10 min late, the limit is 45 min"],
    });
  });

  test("a watermark never moves back, so a clock that was wrong can't make slots owed twice", () => {
    const clients = new Map([["acme", exampleClientState({ plannedUntil: new Date("2026-11-20T08:10:01Z") })]]);
    expect(plan([exampleClient()], { clients })).toEqual({ ...nothing, planned: [] });
  });

  test("one client's hold does not stop another", () => {
    const clients = new Map([["acme", exampleClientState({ halted: "account locked" })]]);
    const both = [exampleClient(), exampleClient({}, { id: "globex" })];
    expect(plan(both, { clients }).due).toEqual(["globex/2026-11-20T09:00 600"]);
  });
});
