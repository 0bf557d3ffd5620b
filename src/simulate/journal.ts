/** What the simulator itself saw at the services' doors, apart from what the ledger says. Money is in dollars. */
export interface Journal {
  /** Texts that a run handed to X. */
  sends: { run: string; client: string; text: string; sentAt: Date }[];
  /** Completions that a model was asked for, and what it charged. */
  completions: { run: string; client: string; model: string; priced: boolean; askedAt: Date; usd: number }[];
  /** What X charged to an account. */
  charges: Charge[];
  /** The day to which a run reckoned a client's spend. */
  days: Map<string, { day: string; globalDay: string }>;
  /** The slot that a run took of a client. */
  claims: Map<string, string>;
  /** Credentials of another client that were handed out. */
  mixedUp: number;
  runs: { id: string; startedAt: Date; ended: "done" | "stopped" | "crashed" | "bug"; why?: string }[];
  /** How often each kind of fault happened. */
  faults: Map<string, number>;
  /** How often runs died at each call, before and after it took effect. */
  crashes: Map<string, number>;
  /** Instants at which Upstash did not answer. */
  fallbacks: number;
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
    mixedUp: 0,
    runs: [],
    faults: new Map(),
    crashes: new Map(),
    fallbacks: 0,
  };
}

/** Counts one more. */
export function tally(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
