import { PostingError } from "../errors.ts";
import type { Bucket, Clock, Limiter, Taken } from "../ports.ts";

/**
 * What one model request takes. The numbers are ours: the slowest entry tiers of model providers accept about one request
 * a second per key, and twenty a second in all. Higher tiers take more, and `clients/_defaults.yaml` says so: with answers
 * in 300 ms, the slots that one tick serves at a time ask for seventy.
 */
export function modelBuckets(clientId: string, perSecond = 20): readonly Bucket[] {
  return [
    { key: `model:client:${clientId}`, capacity: 1, refill: 1, intervalSeconds: 1, cost: 1 },
    { key: "model:all", capacity: perSecond, refill: perSecond, intervalSeconds: 1, cost: 1 },
  ];
}

/**
 * What one send takes. X allows 100 per 15 minutes and account, and 10,000 per 24 hours and app:
 * https://docs.x.com/x-api/fundamentals/rate-limits
 * A bucket lets its capacity go at once and its refill on top, so both together stay under X's number in every window:
 * 50 + 45 per account, 2,500 + 7,200 per app. A tick sends no more than 2,500 in its time anyway.
 * @param app Names the X app: a fingerprint, never the app key itself, since bucket keys are stored.
 */
export function sendBuckets(xUserId: string, app: string): readonly Bucket[] {
  return [
    { key: `send:account:${xUserId}`, capacity: 50, refill: 1, intervalSeconds: 20, cost: 1 },
    { key: `send:app:${app}`, capacity: 2500, refill: 1, intervalSeconds: 12, cost: 1 },
  ];
}

/**
 * Lets `fallback` decide from the first time that `primary` is unavailable until the tick ends: two stores that take turns
 * would grant the same bucket twice, and a store that hangs would cost its timeout at every take.
 * @param onFallback Called once, when the change happens.
 * @throws PostingError "unavailable" when neither answers: that is never "allowed".
 */
export function withFallback(primary: Limiter, fallback: Limiter, onFallback: () => void): Limiter {
  let fellBack = false;
  return {
    async take(buckets, now) {
      if (fellBack) return fallback.take(buckets, now);
      try {
        return await primary.take(buckets, now);
      } catch (error) {
        if (!(error instanceof PostingError) || error.kind !== "unavailable") throw error;
      }
      if (!fellBack) onFallback();
      fellBack = true;
      return fallback.take(buckets, now);
    },
  };
}

/** Buckets are asked again no sooner than this, also when the time they named has passed already. */
const shortestWaitMs = 20;

/**
 * Takes, and waits for buckets that open soon. Returns the denial when the waits would add up to more than
 * `maxWaitSeconds`; they are added up, not read from the clock, because a clock set by `--now` may stand still.
 * @throws PostingError "unavailable" from the limiter.
 */
export async function acquire(
  limiter: Limiter,
  buckets: readonly Bucket[],
  options: { clock: Clock; sleep: (milliseconds: number) => Promise<void>; maxWaitSeconds: number },
): Promise<Taken> {
  const { clock, sleep, maxWaitSeconds } = options;
  let leftMs = maxWaitSeconds * 1000;
  for (;;) {
    const taken = await limiter.take(buckets, clock());
    if (taken.allowed) return taken;
    const waitMs = Math.max(shortestWaitMs, taken.retryAt.getTime() - clock().getTime());
    if (waitMs > leftMs) return taken;
    leftMs -= waitMs;
    await sleep(waitMs);
  }
}
