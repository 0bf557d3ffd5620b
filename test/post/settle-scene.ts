import { openPlaces } from "../../src/places.ts";
import type { UnsettledSlot } from "../../src/ports.ts";
import { type SettlePorts, type SettleSlotInput, settleSlot } from "../../src/post/settle-slot.ts";
import type { Fault, FaultRequest } from "../../src/sandbox/x-faults.ts";
import type { Draft } from "../../src/terms.ts";
import { acme, noon, openX } from "../contracts/x-fixture.ts";
import { openLedgerDouble } from "./ledger-double.ts";
import { limits } from "./publish-scene.ts";

const prices = { x: { postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 } };
export const text = "Fresh bread & butter at https://example.com/shop";
const draft = { text, hasLink: true, source: "model" } as Draft;

/** A sandbox of X, a ledger of one slot, and a send of it whose outcome is unknown. */
export async function openSettling(faults: (request: FaultRequest) => Fault | undefined = () => undefined) {
  const { x, account, clock } = await openX({ faults });
  const ledger = openLedgerDouble();
  const ports: SettlePorts = {
    ledger,
    account,
    prices,
    global: limits,
    clock,
    run: "run-2",
    leaseSeconds: 300,
    sleep: async () => {},
    outside: openPlaces(1),
  };
  const slot: UnsettledSlot = {
    id: "acme/2026-11-21T13:00",
    client: "acme",
    plannedAt: noon,
    fence: 1,
    draft,
    xUserId: acme.xUserId,
    armedAt: noon,
    sends: 1,
    absentReads: 0,
  };
  const schedule = { lateWithinSeconds: 3600, lateThen: "skip" } as SettleSlotInput["client"]["schedule"];
  const input: SettleSlotInput = {
    slot,
    client: { id: "acme", xUserId: acme.xUserId, madeWithAi: false, limits, status: "active", schedule },
    fingerprint: "print",
    knownAccounts: new Map([["print", acme.xUserId]]),
  };
  const settle = (change: Partial<SettleSlotInput> = {}) => settleSlot({ ...input, ...change }, ports);
  const sendUnseen = () => account.send({ text, madeWithAi: false });
  return { x, account, clock, ledger, ports, input, slot, settle, sendUnseen };
}

/** The fault meets the first post alone. */
export const once =
  (fault: Fault) =>
  ({ method, count }: FaultRequest) =>
    method === "POST" && count === 1 ? fault : undefined;
/** The fault meets every read. */
export const reads =
  (fault: Fault) =>
  ({ method }: FaultRequest) =>
    method === "GET" ? fault : undefined;
