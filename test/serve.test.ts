import { expect, test } from "vitest";
import { PostingError } from "../src/errors.ts";
import { openPlaces } from "../src/places.ts";
import type { Ledger, OutcomeInput, XAccount } from "../src/ports.ts";
import { type Job, serveSlot } from "../src/serve.ts";
import type { Client } from "../src/terms.ts";
import { draftOf } from "./support/ledger.ts";
import { tickDouble } from "./support/tick.ts";

const now = new Date("2026-11-21T09:04:00Z");
const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: new Date("2026-11-21T09:00:00Z") };
const rehearsing = (id: string) =>
  ({ id, status: "rehearsal", schedule: { lateThen: "skip", lateWithinSeconds: 3600 } }) as Client;
const job = { slot, client: rehearsing("acme"), claim: { slot: slot.id, fence: 3 } } as Job;

function stoppedTick(recordOutcome: Ledger["recordOutcome"]) {
  const tick = tickDouble({ now, recordOutcome });
  tick.stop.abort("credits are used up");
  return tick;
}

test("after a stop nothing is opened or written: the slot goes back with the reason", async () => {
  const recorded: OutcomeInput[] = [];
  const tick = stoppedTick(async (outcome) => {
    recorded.push(outcome);
    return true;
  });
  const result = await serveSlot(tick, job, openPlaces(1));
  expect(result).toMatchObject({ outcome: "deferred", cause: "stopped", reason: "credits are used up", costUsd: 0 });
  expect(recorded).toEqual([
    expect.objectContaining({
      slot: slot.id,
      fence: 3,
      outcome: "deferred",
      reason: "credits are used up",
      ownTurn: false,
    }),
  ]);
});

test("a slot that another run has taken meanwhile is said to be that run's", async () => {
  expect(
    await serveSlot(
      stoppedTick(async () => false),
      job,
      openPlaces(1),
    ),
  ).toMatchObject({
    outcome: "deferred",
    cause: "fence-lost",
    reason: "another run took this slot",
  });
});

test("while a client is served, its credentials are opened and no other client's", async () => {
  const opened: string[] = [];
  const [acme, beta] = [rehearsing("acme"), rehearsing("beta")];
  const tick = tickDouble({
    now,
    clients: [acme, beta],
    openClient: async ({ id }) => {
      opened.push(id);
      throw new PostingError("config", "no block");
    },
    recordOutcome: async () => true,
  });
  expect(await serveSlot(tick, { ...job, client: acme }, openPlaces(1))).toMatchObject({
    outcome: "deferred",
    reason: "no block",
  });
  expect(opened).toEqual(["acme"]);
});

test("a draft that an earlier run stored is used as it is, and no model is asked", async () => {
  const asked: string[] = [];
  const refuse = (service: string) => async () => {
    asked.push(service);
    throw new PostingError("unavailable", `asked for ${service}`);
  };
  const tick = tickDouble({
    now,
    openClient: async () => ({ model: refuse("model"), x: refuse("x") }),
    recordOutcome: async () => true,
  });
  const draft = draftOf("written yesterday");
  const result = await serveSlot(tick, { ...job, client: rehearsing("acme"), text: { draft } }, openPlaces(1));
  expect(result).toMatchObject({ outcome: "skipped", cause: "rehearsal", text: "written yesterday", costUsd: 0 });
  expect(asked).toEqual([]);
});

/** One millisecond after the window of an hour. */
const tooLate = new Date("2026-11-21T10:00:00.001Z");
const missed = { outcome: "missed", cause: "too-late", reason: "1 h 1 min late, the limit is 1 h", costUsd: 0 };

test("a slot whose turn comes after its window is missed, and nothing is opened or paid for", async () => {
  const recorded: OutcomeInput[] = [];
  const tick = tickDouble({
    now: tooLate,
    openClient: async () => Promise.reject(new Error("opened")),
    recordOutcome: async (outcome) => recorded.push(outcome) > 0,
  });
  expect(await serveSlot(tick, job, openPlaces(1))).toMatchObject(missed);
  expect(recorded).toMatchObject([{ outcome: "missed", reason: missed.reason, xUsd: 0, ownTurn: false }]);
});

test("a slot whose window ends while it waits for a limiter is missed, and nothing is asked of X", async () => {
  const tick = tickDouble({
    now,
    openClient: async () => ({
      model: async () => Promise.reject(new Error("a stored text needs no model")),
      x: async () => ({ account: {} as XAccount, fingerprint: "print", app: "app", ownApp: false }),
    }),
    recordOutcome: async () => true,
  });
  let clock = () => now;
  const take = async () => {
    clock = () => tooLate;
    return { allowed: true as const };
  };
  const services = { ...tick.services, clock: () => clock(), limiter: { take } };
  const client = { ...job.client, status: "active", xUserId: "1" } as const;
  const late: Job = { ...job, client, text: { draft: draftOf("stored") }, knownAccounts: new Map() };
  expect(await serveSlot({ ...tick, services }, late, openPlaces(1))).toMatchObject({ ...missed, text: "stored" });
});

test("a model is asked in a place of its own", async () => {
  const asked: string[] = [];
  const complete = async () => {
    asked.push("model");
    throw new PostingError("unavailable", "no answer");
  };
  const tick = tickDouble({
    now,
    openClient: async () => ({
      model: async () => ({ complete, moderate: async () => undefined }),
      x: async () => ({}) as never,
    }),
    recordOutcome: async () => true,
  });
  const services = {
    ...tick.services,
    limiter: { take: async () => ({ allowed: true as const }) },
    ledger: { ...tick.services.ledger, storeDraft: async () => ({ similarTo: [] }) },
  };
  const plan = { prompt: "news", models: ["m"], messages: [], maxTokens: 9, maxCompletions: 1, fallbacks: [] };
  const outside = async <T>(work: () => Promise<T>): Promise<T> => {
    asked.push("place");
    return work();
  };
  const writing = { ...job, client: { ...rehearsing("acme"), fallbacks: [] }, text: { plan } } as unknown as Job;
  await serveSlot({ ...tick, services }, writing, outside);
  expect(asked.slice(0, 2)).toEqual(["place", "model"]);
});

const unavailable = new PostingError("unavailable", "no answer");
const full = new PostingError("rate-limited", "the model answered 429");

test.for([
  { when: "its credentials can't be opened", failed: "credentials", with: new PostingError("config", "x"), turn: true },
  { when: "what opens them is gone", failed: "credentials", with: unavailable, turn: false },
  { when: "its model is out of requests", failed: "model", with: full, turn: true },
  { when: "the limiter does not answer", failed: "limiter", with: unavailable, turn: false },
])("a slot that waits because $when is its client's own turn: $turn", async ({ failed, with: error, turn }) => {
  const fail = (service: string) => async () => {
    if (service === failed) throw error;
    return { allowed: true } as never;
  };
  const recorded: OutcomeInput[] = [];
  const tick = tickDouble({
    now,
    openClient: async () => {
      await fail("credentials")();
      return { model: async () => ({ complete: fail("model"), moderate: async () => undefined }), x: fail("x") };
    },
    recordOutcome: async (outcome) => recorded.push(outcome) > 0,
  });
  const services = { ...tick.services, limiter: { take: fail("limiter") } };
  const plan = { prompt: "news", models: ["m"], messages: [], maxTokens: 9, maxCompletions: 1 };
  const writing = { ...job, client: rehearsing("acme"), text: { plan } } as unknown as Job;
  expect(await serveSlot({ ...tick, services }, writing, openPlaces(1))).toMatchObject({ outcome: "deferred" });
  expect(recorded).toMatchObject([{ outcome: "deferred", ownTurn: turn }]);
});
