import { openPlaces } from "../../src/places.ts";
import type { PostPorts, PublishInput } from "../../src/post/publish.ts";
import type { Fault } from "../../src/sandbox/x-faults.ts";
import type { Draft } from "../../src/terms.ts";
import { acme, openX } from "../contracts/x-fixture.ts";
import { type LedgerDouble, openLedgerDouble } from "./ledger-double.ts";

export const limits = { postsPerDay: 10, completionsPerDay: 100, usdPerMonth: 10 };
const prices = { x: { postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 } };
export const slot = "acme/2026-11-21T13:00";

export const draft: Draft = {
  text: "Good morning",
  hash: "hash",
  source: "model",
  prompt: "news",
  promptVersion: "1",
  topic: "bread",
  hasLink: false,
};

export interface Publishing {
  input: PublishInput;
  ports: PostPorts;
  ledger: LedgerDouble;
  x: Awaited<ReturnType<typeof openX>>["x"];
  sleeps: number[];
}

/** A sandbox of X, a ledger of one slot, and a draft to be published. */
export async function openPublishing(
  options: { faults?: (path: string) => Fault | undefined; known?: [string, string][] } = {},
): Promise<Publishing> {
  const { faults, known = [["print", acme.xUserId]] } = options;
  const { x, account, clock } = await openX({ faults: ({ path }) => faults?.(path) });
  const ledger = openLedgerDouble();
  const sleeps: number[] = [];
  const sleep = async (milliseconds: number) => void sleeps.push(milliseconds);
  return {
    x,
    ledger,
    sleeps,
    ports: {
      ledger,
      account,
      prices,
      global: limits,
      clock,
      run: "run-1",
      leaseSeconds: 300,
      sleep,
      outside: openPlaces(1),
    },
    input: {
      slot,
      fence: 1,
      draft,
      client: { id: "acme", xUserId: acme.xUserId, madeWithAi: true, limits },
      fingerprint: "print",
      knownAccounts: new Map(known),
    },
  };
}
