import type { Services } from "../services.ts";
import { openLedger, openRpc } from "../vendors/supabase.ts";
import { openClientServices } from "./client-services.ts";
import type { Passage } from "./crash.ts";
import type { Faults } from "./faults.ts";
import { everyone, hinder, tally } from "./journal.ts";
import { clientIn, openRunLedger } from "./run-ledger.ts";
import { openRunLimiter } from "./run-limiter.ts";
import { spellAt } from "./timetable.ts";
import { ledgerUrl, type World } from "./world.ts";

/** What one run has: its own clients of every service, through a passage at which it may die. */
export interface Run {
  id: string;
  world: World;
  /** The world's, or none while the simulation runs out quietly. */
  faults: Faults;
  passage: Passage;
  /** A model that has no price in this run. */
  unpriced: string | undefined;
  hide(secret: string): void;
}

/** Real clients of the sandboxes, as `openServices` builds them of real services. */
export function openRunServices(run: Run): Services {
  const { world } = run;
  const { clock, sleep } = world.time;
  const notes: string[] = [];
  const { ledger: store } = world;
  run.hide(store.secretKey);
  const rpc = openRpc({ url: ledgerUrl, secretKey: store.secretKey, fetch: troubledFetch(run) });
  const limiter = openRunLimiter(run, rpc, (note) => notes.push(note));
  return {
    mode: { ledger: "sandbox", limiter: "sandbox", model: "sandbox", x: "sandbox" },
    ledger: openRunLedger(run, openLedger(rpc)),
    limiter,
    clock,
    sleep,
    openClient: async (client) => openClientServices(run, client),
    notes: () => notes,
    close: async () => {},
  };
}

/** The embedded ledger behind a network that fails: gone for a while, or an answer that does not arrive. */
function troubledFetch({ id, world, faults }: Run): typeof fetch {
  const { ledger, timetable, draws, journal, time } = world;
  let calls = 0;
  return async (input, init) => {
    calls += 1;
    if (spellAt(timetable.ledgerGone, time.clock()) !== undefined) {
      tally(journal.faults, "ledger: gone");
      hinder(journal, id, everyone);
      throw networkError("ECONNREFUSED");
    }
    const response = await ledger.fetch(input, init);
    if (!draws.chance(faults.ledger.lost, "ledger answer", id, calls)) return response;
    tally(journal.faults, "ledger: answer lost");
    hinder(journal, id, clientAsked(init?.body));
    throw networkError("ECONNRESET");
  };
}

function networkError(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

/** The client whose slot a call to the ledger is about; a call of the whole batch concerns everyone. */
function clientAsked(body: unknown): string {
  const { p_slot: slot } = JSON.parse(String(body)) as { p_slot?: string };
  return slot === undefined ? everyone : clientIn(slot);
}
