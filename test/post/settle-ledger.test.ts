import { expect, test } from "vitest";
import { openPlaces } from "../../src/places.ts";
import { publishDraft } from "../../src/post/publish.ts";
import { settleSlot } from "../../src/post/settle-slot.ts";
import type { Fault, FaultRequest } from "../../src/sandbox/x-faults.ts";
import { stepsOf } from "../contracts/ledger-steps.ts";
import { acme, openX } from "../contracts/x-fixture.ts";
import { draftOf, embeddedLedgers, runInfo } from "../support/ledger.ts";
import { limits } from "./publish-scene.ts";

const openLedger = embeddedLedgers();
const slot = "acme/2026-11-21T09:00";
const draft = draftOf("Tea first, then mail");
const prices = { x: { postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 } };
const client = { id: "acme", xUserId: acme.xUserId, madeWithAi: false, limits };
const schedule = { days: [1], times: [], jitterSeconds: 0, minGapSeconds: 0, except: [] };

/** The real SQL, the real client library and the sandbox of X, with the ticks that a person would see. */
async function scene(faults: (request: FaultRequest) => Fault | undefined) {
  const { x, account, clock } = await openX({ faults });
  const steps = stepsOf(await openLedger());
  const { ledger } = steps;
  const run = (id: string) => ({
    ledger,
    account,
    prices,
    global: limits,
    clock,
    run: id,
    leaseSeconds: 300,
    sleep: async () => {},
    outside: openPlaces(1),
  });
  const tick = async (id: string) => {
    const state = await ledger.openTick({ run: runInfo(id), now: clock(), leaseSeconds: 300 });
    const knownAccounts = state.clients.get("acme")?.accounts ?? new Map<string, string>();
    const settled = state.unsettled.map((unsettled) =>
      settleSlot(
        {
          slot: unsettled,
          client: {
            ...client,
            status: "active",
            schedule: { ...schedule, lateWithinSeconds: 86_400, lateThen: "skip" },
          },
          fingerprint: "print",
          knownAccounts,
        },
        run(id),
      ),
    );
    return Promise.all(settled);
  };
  const claimed = async () => {
    const claim = await steps.claim({ slot, plannedAt: clock(), now: clock() });
    const fence = claim?.fence ?? 0;
    await steps.store([draft], { slot, fence, now: clock() });
    return fence;
  };
  const publish = async () =>
    publishDraft(
      { slot, fence: await claimed(), draft, client, fingerprint: "print", knownAccounts: new Map() },
      run("run-1"),
    );
  return { x, clock, steps, tick, publish, claimed };
}

const once = (fault: Fault) => (request: FaultRequest) =>
  request.method === "POST" && request.count === 1 ? fault : undefined;

test("a post goes out once and the ledger says posted", async () => {
  const { publish, steps, tick, x } = await scene(() => undefined);
  const result = await publish();
  expect(result).toMatchObject({ outcome: "posted", costUsd: 0.025 });
  expect(await steps.slotRow(slot)).toMatchObject({ state: "posted" });
  expect(await steps.rows("post")).toMatchObject([{ post_id: x.posts()[0]?.id }]);
  expect(await tick("run-2")).toEqual([]);
});

test("a lost answer is settled by the next tick, without asking again whose the credential is", async () => {
  const { publish, steps, tick, clock, x } = await scene(once({ kind: "lost-answer" }));
  expect(await publish()).toMatchObject({ outcome: "unknown" });
  clock.advance(600);
  expect(await tick("run-2")).toMatchObject([{ outcome: "posted", postId: x.posts()[0]?.id }]);
  expect(await steps.slotRow(slot)).toMatchObject({ state: "posted" });
  expect(x.requests("POST", "/2/tweets")).toBe(1);
});

test("a send that never arrived is repeated after two ticks, with the same text, and not before", async () => {
  const { publish, steps, tick, clock, x } = await scene(once({ kind: "reset" }));
  expect(await publish()).toMatchObject({ outcome: "unknown" });
  clock.advance(600);
  expect(await tick("run-2")).toMatchObject([{ outcome: "unknown" }]);
  expect(x.posts()).toEqual([]);
  clock.advance(600);
  expect(await tick("run-3")).toMatchObject([{ outcome: "posted" }]);
  expect(x.posts().map(({ text }) => text)).toEqual([draft.text]);
  expect(x.requests("GET", "/2/users/me")).toBe(1);
  expect(await steps.slotRow(slot)).toMatchObject({ state: "posted" });
});

test("two unclear sends that never show end as a dead letter, and nothing is sent a third time", async () => {
  const { publish, tick, clock, x, steps } = await scene(({ method }) =>
    method === "POST" ? { kind: "reset" } : undefined,
  );
  await publish();
  const outcomes: (string | undefined)[] = [];
  for (const id of ["run-2", "run-3", "run-4", "run-5", "run-6"]) {
    clock.advance(600);
    outcomes.push((await tick(id))[0]?.outcome);
  }
  expect(outcomes).toEqual(["unknown", "unknown", "unknown", "dead", undefined]);
  expect(x.requests("POST", "/2/tweets")).toBe(2);
  expect(await steps.slotRow(slot)).toMatchObject({ state: "dead" });
});

test("a run that died between intent and send is settled once its lease is over", async () => {
  const { claimed, steps, tick, clock, x } = await scene(() => undefined);
  const fence = await claimed();
  await steps.arm({ slot, fence, now: clock(), fingerprint: "print", xUserId: acme.xUserId });
  clock.advance(200);
  expect(await tick("run-2"), "the lease still holds").toEqual([]);
  clock.advance(200);
  expect(await tick("run-3")).toMatchObject([{ outcome: "unknown" }]);
  clock.advance(60);
  expect(await tick("run-4")).toMatchObject([{ outcome: "posted" }]);
  expect(x.posts()).toHaveLength(1);
});
