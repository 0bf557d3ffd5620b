import fc from "fast-check";
import { expect, test } from "vitest";
import { sendBuckets } from "../../src/gate/limits.ts";
import type { Bucket } from "../../src/ports.ts";

const day = 24 * 60 * 60;
const [account, app] = sendBuckets("1", "app") as [Bucket, Bucket];

/** The instants at which a bucket that refills in steps lets a token go, when it is asked at every one of `askedAt`. */
function grantedAt({ capacity, refill, intervalSeconds }: Bucket, askedAt: readonly number[]): number[] {
  let tokens = capacity;
  let steps = 0;
  return askedAt.filter((second) => {
    const stepsNow = Math.floor(second / intervalSeconds);
    tokens = Math.min(capacity, tokens + (stepsNow - steps) * refill);
    steps = stepsNow;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  });
}

function mostInWindow(instants: readonly number[], windowSeconds: number): number {
  let first = 0;
  return instants.reduce((most, instant, index) => {
    while ((instants[first] ?? instant) <= instant - windowSeconds) first += 1;
    return Math.max(most, index - first + 1);
  }, 0);
}

test.for([
  {
    what: "100 per account in 15 minutes",
    bucket: account,
    windowSeconds: 900,
    limit: 100,
    longest: 4 * 900,
    steps: 800,
  },
  {
    what: "10,000 per app in 24 hours",
    bucket: app,
    windowSeconds: day,
    limit: 10_000,
    longest: 2 * day,
    steps: 60_000,
  },
])(
  "whenever sends are wanted, no window holds more than X's $what",
  ({ bucket, windowSeconds, limit, longest, steps }) => {
    const everyGap = fc.array(fc.integer({ min: 0, max: longest / 50 }), { maxLength: 50 });
    fc.assert(
      fc.property(everyGap, fc.integer({ min: 1, max: steps / 50 }), (gaps, burst) => {
        const bursts = gaps.map((_, index) => gaps.slice(0, index + 1).reduce((sum, gap) => sum + gap, 0));
        const askedAt = bursts.flatMap((second) => Array<number>(burst).fill(second));
        expect(mostInWindow(grantedAt(bucket, askedAt), windowSeconds)).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 50 },
    );
    const always = Array.from({ length: steps }, (_, index) => (index * longest) / steps);
    const most = mostInWindow(grantedAt(bucket, always), windowSeconds);
    expect(most).toBeLessThanOrEqual(limit);
    expect(most).toBeGreaterThan(limit * 0.9);
  },
);
