import type { Ledger } from "../../src/ports.ts";
import type { Services } from "../../src/services.ts";
import type { Client, Workspace } from "../../src/terms.ts";
import type { Tick } from "../../src/tick.ts";
import { openLog } from "../../src/vendors/log.ts";

interface TickParts {
  now: Date;
  clients?: readonly Client[];
  broken?: readonly string[];
  openClient?: Services["openClient"];
  recordOutcome?: Ledger["recordOutcome"];
  /** Gets the lines of the log. */
  lines?: string[];
}

/** A tick with only the parts that a test of one function touches; any other part is missing, and using it fails. */
export function tickDouble({ now, clients = [], broken = [], openClient, recordOutcome, lines = [] }: TickParts): Tick {
  const services: Partial<Services> = {
    clock: () => now,
    ...(openClient && { openClient }),
    ...(recordOutcome && { ledger: { recordOutcome } as Ledger }),
  };
  return {
    workspace: {
      clients,
      broken: new Set(broken),
      defaults: {},
      prices: { x: { postUsd: 0.015 } },
    } as unknown as Workspace,
    clients: new Map(clients.map((client) => [client.id, client])),
    services: services as Services,
    run: {
      id: "run-1",
      commit: "abc",
      mode: { ledger: "sandbox", limiter: "sandbox", model: "sandbox", x: "sandbox" },
      startedAt: now,
    },
    dryRun: false,
    log: openLog({ stream: { write: (line) => lines.push(line) } }),
    stop: new AbortController(),
    startedMs: 0,
  };
}
