import { PostingError } from "../errors.ts";
import { withFallback } from "../gate/limits.ts";
import type { Limiter } from "../ports.ts";
import type { Client } from "../terms.ts";
import { openPostgresLimiter, type Rpc } from "../vendors/supabase.ts";
import { hinder, type Take, tally } from "./journal.ts";
import type { Run } from "./run-services.ts";
import { spellAt } from "./timetable.ts";

/** The bucket that no other client takes from: it says for whom a take was. */
export const bucketOf = {
  completion: ({ id }: Pick<Client, "id">) => `model:client:${id}`,
  send: ({ xUserId }: Pick<Client, "xUserId">) => `send:account:${xUserId}`,
} as const;

/** Milliseconds after which `openUpstashLimiter` gives up. */
const upstashDeadlineMs = 1500;

/** The limiters of one run as `openServices` joins them, each with a note of what it answered itself. */
export function openRunLimiter(run: Run, rpc: Rpc, tell: (note: string) => void): Limiter {
  const { id, passage, world } = run;
  const limiter = withFallback(
    noted(run, "Upstash", upstash(run)),
    noted(run, "Postgres", openPostgresLimiter(rpc)),
    () => {
      tell("Upstash did not answer: the rate limits in Postgres decided.");
    },
  );
  let takes = 0;
  return {
    take: (buckets, now) => {
      takes += 1;
      const milliseconds = world.draws.between([10, 40], "take", id, takes);
      return passage.pass("take", milliseconds, () => limiter.take(buckets, now));
    },
  };
}

function noted({ id, world }: Run, by: Take["by"], limiter: Limiter): Limiter {
  const { journal, time, clients } = world;
  return {
    take: async (buckets, now) => {
      const taken = await limiter.take(buckets, now);
      const keys = buckets.map(({ key }) => key);
      journal.takes.push({ run: id, by, keys, allowed: taken.allowed, answeredAt: time.clock() });
      if (!taken.allowed) {
        for (const client of clients.values()) {
          if (keys.includes(bucketOf.completion(client)) || keys.includes(bucketOf.send(client)))
            hinder(journal, id, client.id);
        }
      }
      return taken;
    },
  };
}

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
