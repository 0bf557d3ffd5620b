import type { ClientState, TickState } from "../../src/ports.ts";
import type { Client, Schedule } from "../../src/terms.ts";

/** A client that posts every day at 09:00 in Berlin, without jitter, unless a test says otherwise. */
export function exampleClient(schedule: Partial<Schedule> = {}, fields: Partial<Client> = {}): Client {
  return {
    id: "acme",
    name: "Acme",
    handle: "acme",
    xUserId: "1",
    status: "active",
    timezone: "Europe/Berlin",
    voice: "plain",
    language: "en",
    topics: ["tools"],
    posts: [{ prompt: "tip", weight: 1 }],
    models: ["openai/gpt-5-mini"],
    limits: { postsPerDay: 10, completionsPerDay: 50, usdPerMonth: 20 },
    links: { policy: "deny" },
    avoid: [],
    fallbacks: [],
    madeWithAi: true,
    members: [],
    source: { file: "clients/acme.yaml", sha256: "00" },
    ...fields,
    schedule: {
      days: [1, 2, 3, 4, 5, 6, 7],
      times: ["09:00"],
      jitterSeconds: 0,
      lateWithinSeconds: 45 * 60,
      lateThen: "skip",
      minGapSeconds: 30 * 60,
      except: [],
      ...schedule,
    },
  };
}

/** What the ledger says of one client; planned up to the start of 2026-11-20 unless a test says otherwise. */
export function exampleClientState(fields: Partial<ClientState> = {}): ClientState {
  return { plannedUntil: new Date("2026-11-20T00:00Z"), accounts: new Map(), ...fields };
}

export function exampleState(fields: Partial<TickState> = {}): TickState {
  return { clients: new Map(), open: [], unsettled: [], ...fields };
}
