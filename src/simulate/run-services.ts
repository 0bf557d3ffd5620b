import { PostingError } from "../errors.ts";
import { withFallback } from "../gate/limits.ts";
import type { Ledger, Limiter } from "../ports.ts";
import type { Services } from "../services.ts";
import { openLedger, openPostgresLimiter, openRpc } from "../vendors/supabase.ts";
import { openClientServices } from "./client-services.ts";
import type { Passage } from "./crash.ts";
import type { Faults } from "./faults.ts";
import { tally } from "./journal.ts";
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
  const { world, passage } = run;
  const { clock, sleep } = world.time;
  const notes: string[] = [];
  const { ledger: store, draws } = world;
  run.hide(store.secretKey);
  const rpc = openRpc({ url: ledgerUrl, secretKey: store.secretKey, fetch: troubledFetch(run) });
  const fallback = openPostgresLimiter(rpc);
  const limiter = withFallback(upstash(run), fallback, () => {
    notes.push("Upstash did not answer: the rate limits in Postgres decided.");
  });
  let takes = 0;
  return {
    mode: { ledger: "sandbox", limiter: "sandbox", model: "sandbox", x: "sandbox" },
    ledger: passed(openLedger(rpc), run),
    limiter: {
      take: (buckets, now) => {
        takes += 1;
        return passage.pass("take", draws.between([10, 40], "take", run.id, takes), () => limiter.take(buckets, now));
      },
    },
    clock,
    sleep,
    openClient: async (client) => openClientServices(run, client),
    notes: () => notes,
    close: async () => {},
  };
}

/** Every method of the ledger through the passage, with what the journal needs of it. */
function passed(ledger: Ledger, { id, world: { draws, journal }, passage }: Run): Ledger {
  let calls = 0;
  const pass = <T>(step: Exclude<keyof Ledger, "readTick">, work: () => Promise<T>): Promise<T> => {
    calls += 1;
    return passage.pass(step, draws.between([15, 60], "ledger", id, calls), work);
  };
  return {
    openTick: (input) => pass("openTick", () => ledger.openTick(input)),
    readTick: (input) => ledger.readTick(input),
    claimSlots: (input) =>
      pass("claimSlots", async () => {
        const claims = await ledger.claimSlots(input);
        for (const { slot } of claims) journal.claims.set(`${id} ${clientIn(slot)}`, slot);
        return claims;
      }),
    reserveSlots: (input) => {
      for (const slot of input.slots) {
        if ("day" in slot) journal.days.set(`${id} ${slot.client}`, { day: slot.day, globalDay: input.global.day });
      }
      return pass("reserveSlots", () => ledger.reserveSlots(input));
    },
    storeDraft: (input) => pass("storeDraft", () => ledger.storeDraft(input)),
    countRead: (input) => pass("countRead", () => ledger.countRead(input)),
    armSlot: (input) => pass("armSlot", () => ledger.armSlot(input)),
    recordOutcome: (input) => pass("recordOutcome", () => ledger.recordOutcome(input)),
    recordAbsence: (input) => pass("recordAbsence", () => ledger.recordAbsence(input)),
    closeTick: (input) => pass("closeTick", () => ledger.closeTick(input)),
  };
}

/** The client's id that a slot's id begins with. */
function clientIn(slot: string): string {
  return slot.slice(0, slot.indexOf("/"));
}

/** The embedded ledger behind a network that fails: gone for a while, or an answer that does not arrive. */
function troubledFetch({ id, world, faults }: Run): typeof fetch {
  const { ledger, timetable, draws, journal, time } = world;
  let calls = 0;
  return async (input, init) => {
    calls += 1;
    if (spellAt(timetable.ledgerGone, time.clock()) !== undefined) {
      tally(journal.faults, "ledger: gone");
      throw networkError("ECONNREFUSED");
    }
    const response = await ledger.fetch(input, init);
    if (!draws.chance(faults.ledger.lost, "ledger answer", id, calls)) return response;
    tally(journal.faults, "ledger: answer lost");
    throw networkError("ECONNRESET");
  };
}

function networkError(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

/** Milliseconds after which `openUpstashLimiter` gives up. */
const upstashDeadlineMs = 1500;

/**
 * In Upstash's place a second set of buckets in the embedded ledger, which no trouble of the ledger reaches: Upstash's own
 * library reads the machine's clock, and its buckets would not know simulated time. It hangs when the timetable says so.
 */
function upstash({ world }: Run): Limiter {
  const { ledger, time, timetable, journal } = world;
  const buckets = openPostgresLimiter(ledger.rpc);
  return {
    take: async (asked, now) => {
      if (spellAt(timetable.limiterGone, time.clock()) !== undefined) {
        tally(journal.faults, "Upstash: hangs");
        time.advanceTo(new Date(time.clock().getTime() + upstashDeadlineMs));
        throw new PostingError("unavailable", `Upstash gave no clear answer: nothing within ${upstashDeadlineMs} ms`);
      }
      return buckets.take(
        asked.map((bucket) => ({ ...bucket, key: `upstash:${bucket.key}` })),
        now,
      );
    },
  };
}
