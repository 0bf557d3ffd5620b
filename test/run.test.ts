import { expect, test } from "vitest";
import { slotsBetween } from "../src/due/slots.ts";
import { PostingError } from "../src/errors.ts";
import type { ClaimInput, Ledger } from "../src/ports.ts";
import { runTick } from "../src/run.ts";
import { exampleClient, exampleClientState, exampleState } from "./due/examples.ts";
import { tickDouble } from "./support/tick.ts";

/** 09:00 in Berlin, when the example client's slot is due, and an hour in which nothing is. */
const due = new Date("2026-11-21T08:04:00Z");
const idle = new Date("2026-11-21T06:00:00Z");

function tickAt(now: Date, parts: { claimSlots: Ledger["claimSlots"]; packages: readonly (() => Promise<unknown>)[] }) {
  const tick = tickDouble({ now, clients: [exampleClient()] });
  const planned = exampleClientState({ plannedUntil: new Date("2026-11-21T05:00:00Z") });
  const ledger = {
    openTick: async () => exampleState({ clients: new Map([["acme", planned]]) }),
    claimSlots: parts.claimSlots,
    closeTick: async () => {},
  } as Partial<Ledger> as Ledger;
  return { ...tick, services: { ...tick.services, ledger, packages: parts.packages } };
}

test("packages are loaded while the ledger answers, and one that cannot be loaded stops nothing", {
  timeout: 20_000,
}, async () => {
  const { promise: loaded, resolve } = Promise.withResolvers<void>();
  const tick = tickAt(due, {
    packages: [async () => Promise.reject(new Error("no such package")), async () => resolve()],
    claimSlots: async () => {
      await loaded;
      return [];
    },
  });
  const { report } = await runTick(tick);
  expect(report.slots).toMatchObject([{ slot: "acme/2026-11-21T09:00", outcome: "deferred", cause: "fence-lost" }]);
});

test("with nothing due, and in a dry run, no package is loaded", async () => {
  const asked: string[] = [];
  const packages = [async () => asked.push("package")];
  const claimSlots = async () => Promise.reject(new PostingError("unavailable", "not to be asked"));
  const { report } = await runTick(tickAt(idle, { packages, claimSlots }));
  expect(report.slots).toEqual([]);
  const tick = tickAt(due, { packages, claimSlots });
  const { ledger } = tick.services;
  const readTick = () => ledger.openTick({} as Parameters<Ledger["openTick"]>[0]);
  const workspace = { ...tick.workspace, prompts: new Map() };
  const services = { ...tick.services, ledger: { ...ledger, readTick } };
  const dry = await runTick({ ...tick, workspace, services, dryRun: true });
  expect(dry.report.slots).toMatchObject([{ outcome: "deferred" }]);
  expect(asked).toEqual([]);
});

test("a slot that comes due while a tick plans is in its list, or after the watermark: whatever the clock does", async () => {
  const acme = exampleClient({ times: [30, 31, 32, 33, 34, 35].map((minute) => `09:${minute}`) });
  const seen: ClaimInput[] = [];
  const claimSlots = async (input: ClaimInput) => {
    seen.push(input);
    return [];
  };
  // A minute passes between any two looks at the clock, and in every minute a slot comes due.
  let nowMs = Date.parse("2026-11-21T08:29:10Z");
  const clock = () => {
    nowMs += 60_000;
    return new Date(nowMs);
  };
  const plannedUntil = new Date("2026-11-21T08:29:00Z");
  const base = tickAt(due, { claimSlots, packages: [] });
  const openTick = async () => exampleState({ clients: new Map([["acme", exampleClientState({ plannedUntil })]]) });
  const services = { ...base.services, clock, ledger: { ...base.services.ledger, openTick } };
  await runTick({ ...base, services, workspace: { ...base.workspace, clients: [acme] } });
  const [claim] = seen;
  if (claim === undefined) throw new Error("nothing was claimed");
  expect(claim.planned).toEqual(["acme"]);
  const named = [...claim.due, ...claim.deferred, ...claim.closed].map(({ slot }) => slot);
  expect(named.sort()).toEqual(slotsBetween(acme, plannedUntil, claim.now).map(({ id }) => id));
});

test("a rehearsal is claimed as one that does not need X", async () => {
  const claimed: ClaimInput["due"][number][] = [];
  const claimSlots = async ({ due }: ClaimInput) => {
    claimed.push(...due);
    return [];
  };
  const tick = tickAt(due, { claimSlots, packages: [] });
  const clients = [exampleClient(), exampleClient({}, { id: "bolt", status: "rehearsal" })];
  await runTick({ ...tick, workspace: { ...tick.workspace, clients } });
  expect(claimed).toMatchObject([
    { client: "acme", needsX: true },
    { client: "bolt", needsX: false },
  ]);
});
