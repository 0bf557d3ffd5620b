/** What the simulator itself saw at the services' doors, apart from what the ledger says. Money is in dollars. */
export interface Journal {
  /** Texts that a run handed to X. */
  sends: { run: string; client: string; text: string; sentAt: Date }[];
  /** Completions that a model was asked for, and what it charged. */
  completions: Completion[];
  /** What X charged to an account. */
  charges: Charge[];
  /** The day to which a run reckoned a client's spend. */
  days: Map<string, { day: string; globalDay: string }>;
  /** The slot that a run took of a client. */
  claims: Map<string, string>;
  /** When runs took a slot of a client, in their order. */
  claimed: { run: string; client: string; claimedAt: Date }[];
  /** What the limiters themselves answered, whatever the run made of it. */
  takes: Take[];
  /** Slots for which a budget had no room. */
  refusals: { run: string; slot: string; reason: string }[];
  /** By run the clients that something kept from being served there; `everyone` stands for all of them. */
  hindered: Map<string, Set<string>>;
  /** When X, a model or a credential last did what it should not; at first as long ago as can be. */
  lastTroubleAt: Date;
  /** How many runs began while a service or a client rested. */
  rested: Map<string, number>;
  /** Credentials of another client that were handed out. */
  mixedUp: number;
  runs: { id: string; startedAt: Date; ended: "done" | "stopped" | "crashed" | "bug"; why?: string }[];
  /** How often each kind of fault happened. */
  faults: Map<string, number>;
  /** How often runs died at each call, before and after it took effect. */
  crashes: Map<string, number>;
}

export interface Completion {
  run: string;
  client: string;
  model: string;
  priced: boolean;
  /** False where the model refused the request and did not work on it: that is no completion. */
  worked: boolean;
  askedAt: Date;
  usd: number;
}

export interface Take {
  run: string;
  by: "Upstash" | "Postgres";
  /** Keys of the buckets, which name the client or its account. */
  keys: readonly string[];
  allowed: boolean;
  answeredAt: Date;
}

export interface Charge {
  account: string;
  client: string;
  kind: "post" | "read" | "user";
  usd: number;
}

export function openJournal(): Journal {
  return {
    sends: [],
    completions: [],
    charges: [],
    days: new Map(),
    claims: new Map(),
    claimed: [],
    takes: [],
    refusals: [],
    hindered: new Map(),
    lastTroubleAt: new Date(-8.64e15),
    rested: new Map(),
    mixedUp: 0,
    runs: [],
    faults: new Map(),
    crashes: new Map(),
  };
}

/** Counts one more. */
export function tally(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** In `hindered` in a client's place: what happened concerns every client. No client's id has a star. */
export const everyone = "*";

/** Notes that a run could not serve a client, or anybody, as it would have otherwise. */
export function hinder({ hindered }: Pick<Journal, "hindered">, run: string, client: string): void {
  const clients = hindered.get(run) ?? new Set();
  hindered.set(run, clients.add(client));
}

/** Something outside went wrong for a client in a run. */
export function noteTrouble(journal: Journal, { run, client, kind, at }: Trouble): void {
  tally(journal.faults, kind);
  hinder(journal, run, client);
  journal.lastTroubleAt = at;
}

interface Trouble {
  run: string;
  client: string;
  kind: string;
  at: Date;
}

/** Whether something kept a run from serving a client. */
export function isHindered({ hindered }: Pick<Journal, "hindered">, run: string, client: string): boolean {
  const clients = hindered.get(run);
  return clients !== undefined && (clients.has(client) || clients.has(everyone));
}
