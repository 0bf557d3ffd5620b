import type { Breaker, ClientState, OpenSlot, TickState, UnsettledSlot } from "../ports.ts";

interface ClientRow {
  id: string;
  plannedUntil?: string;
  lastSentAt?: string;
  lastTurnAt?: string;
  backoffUntil?: string;
  backoffReason?: string;
  halted?: string;
  accounts?: Record<string, string>;
}

type Dated<T, K extends keyof T> = Omit<T, K> & Record<K, string>;

/** What `open_tick` and `read_tick` answer: instants are text in JSON. */
export function tickState(answer: unknown): TickState {
  const raw = answer as {
    halted: string | null;
    /** Missing in a ledger that is still to be migrated. */
    restUntil?: string | null;
    breakers: Breaker[];
    clients: ClientRow[];
    open: (Omit<OpenSlot, "plannedAt" | "leaseUntil"> & { plannedAt: string; leaseUntil?: string })[];
    unsettled: Dated<UnsettledSlot, "plannedAt" | "armedAt">[];
  };
  return {
    ...(raw.halted === null ? {} : { halted: raw.halted }),
    ...(typeof raw.restUntil === "string" ? { restUntil: new Date(raw.restUntil) } : {}),
    ...(raw.breakers.length === 0 ? {} : { breakers: raw.breakers }),
    clients: new Map(raw.clients.map((row) => [row.id, clientState(row)])),
    open: raw.open.map(({ plannedAt, leaseUntil, ...slot }) => ({
      ...slot,
      plannedAt: new Date(plannedAt),
      ...(leaseUntil === undefined ? {} : { leaseUntil: new Date(leaseUntil) }),
    })),
    unsettled: raw.unsettled.map((slot) => ({
      ...slot,
      plannedAt: new Date(slot.plannedAt),
      armedAt: new Date(slot.armedAt),
    })),
  };
}

function clientState(row: ClientRow): ClientState {
  return {
    ...(row.plannedUntil === undefined ? {} : { plannedUntil: new Date(row.plannedUntil) }),
    ...(row.lastSentAt === undefined ? {} : { lastSentAt: new Date(row.lastSentAt) }),
    ...(row.lastTurnAt === undefined ? {} : { lastTurnAt: new Date(row.lastTurnAt) }),
    ...(row.backoffUntil === undefined
      ? {}
      : { backoff: { until: new Date(row.backoffUntil), reason: row.backoffReason ?? "" } }),
    ...(row.halted === undefined ? {} : { halted: row.halted }),
    accounts: new Map(Object.entries(row.accounts ?? {})),
  };
}
