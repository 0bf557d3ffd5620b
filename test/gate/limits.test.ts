import { expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { acquire, modelBuckets, sendBuckets, withFallback } from "../../src/gate/limits.ts";
import type { Bucket, Limiter, Taken } from "../../src/ports.ts";

const allowed: Taken = { allowed: true };
const unavailable = new PostingError("unavailable", "down");
const start = new Date("2026-11-21T09:00:00Z");
const buckets = modelBuckets("acme");

/** Gives the answers in turn, the last one for ever, and keeps what it was asked. */
function scripted(...answers: (Taken | Error)[]) {
  const asked: { buckets: readonly Bucket[]; now: Date }[] = [];
  const limiter: Limiter = {
    take(wanted, now) {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ buckets: wanted, now });
      return answer instanceof Error || answer === undefined ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return { limiter, asked };
}

function counter() {
  let count = 0;
  const tell = () => {
    count += 1;
  };
  return { tell, times: () => count };
}

const deniedFor = (milliseconds: number): Taken => ({
  allowed: false,
  key: "model:all",
  retryAt: new Date(start.getTime() + milliseconds),
});

test("a model request takes from its client's bucket of 1/s and from the common one of 20/s", () => {
  expect(modelBuckets("acme")).toEqual([
    { key: "model:client:acme", capacity: 1, refill: 1, intervalSeconds: 1, cost: 1 },
    { key: "model:all", capacity: 20, refill: 20, intervalSeconds: 1, cost: 1 },
  ]);
});

test("the common bucket takes as many as the provider's tier allows", () => {
  const common = { key: "model:all", capacity: 300, refill: 300, intervalSeconds: 1, cost: 1 };
  expect(modelBuckets("acme", 300)).toEqual([buckets[0], common]);
});

test("sends of two accounts share the app's bucket and nothing else", () => {
  const [first, second] = [sendBuckets("1", "app"), sendBuckets("2", "app")];
  expect(first.map(({ key }) => key)).toEqual(["send:account:1", "send:app:app"]);
  expect(second.map(({ key }) => key)).toEqual(["send:account:2", "send:app:app"]);
  expect(sendBuckets("1", "other")[1]?.key).toBe("send:app:other");
});

test("an answer of the primary stands, allowed or denied, and the fallback isn't asked", async () => {
  const primary = scripted(allowed, deniedFor(5));
  const fallback = scripted(allowed);
  const { tell, times } = counter();
  const limiter = withFallback(primary.limiter, fallback.limiter, tell);
  expect(await limiter.take(buckets, start)).toEqual(allowed);
  expect(await limiter.take(buckets, start)).toEqual(deniedFor(5));
  expect(fallback.asked).toEqual([]);
  expect(times()).toBe(0);
});

test("once the primary is unavailable, the fallback decides about the same buckets until the end, and is told once", async () => {
  const primary = scripted(unavailable, allowed);
  const fallback = scripted(deniedFor(5), allowed);
  const { tell, times } = counter();
  const limiter = withFallback(primary.limiter, fallback.limiter, tell);
  expect(await limiter.take(buckets, start)).toEqual(deniedFor(5));
  expect(await limiter.take(buckets, start)).toEqual(allowed);
  expect(primary.asked).toHaveLength(1);
  expect(fallback.asked).toEqual([
    { buckets, now: start },
    { buckets, now: start },
  ]);
  expect(times()).toBe(1);
});

test("takers that find the primary down at the same time tell it once", async () => {
  const { tell, times } = counter();
  const limiter = withFallback(scripted(unavailable).limiter, scripted(allowed).limiter, tell);
  await Promise.all([limiter.take(buckets, start), limiter.take(buckets, start), limiter.take(buckets, start)]);
  expect(times()).toBe(1);
});

test("when both are down, the error goes up: that is never allowed", async () => {
  const limiter = withFallback(scripted(unavailable).limiter, scripted(unavailable).limiter, () => undefined);
  await expect(limiter.take(buckets, start)).rejects.toBe(unavailable);
});

test.for([new RangeError("a bug"), new PostingError("config", "no address")])(
  "%s of the primary isn't hidden by the fallback",
  async (error) => {
    const fallback = scripted(allowed);
    const limiter = withFallback(scripted(error).limiter, fallback.limiter, () => undefined);
    await expect(limiter.take(buckets, start)).rejects.toBe(error);
    expect(fallback.asked).toEqual([]);
  },
);

/** A clock that only `sleep` moves. */
function simulated(options: { frozen?: boolean } = {}) {
  let now = start.getTime();
  const slept: number[] = [];
  const sleep = (milliseconds: number) => {
    slept.push(milliseconds);
    if (options.frozen !== true) now += milliseconds;
    return Promise.resolve();
  };
  return { clock: () => new Date(now), sleep, slept };
}

test.for([
  { when: "allowed at once", answers: [allowed], maxWaitSeconds: 2, waits: [], result: allowed },
  { when: "open in time", answers: [deniedFor(800), allowed], maxWaitSeconds: 1, waits: [800], result: allowed },
  {
    when: "open exactly at the limit",
    answers: [deniedFor(1000), allowed],
    maxWaitSeconds: 1,
    waits: [1000],
    result: allowed,
  },
  { when: "open too late", answers: [deniedFor(1001), allowed], maxWaitSeconds: 1, waits: [], result: deniedFor(1001) },
  {
    when: "not to be waited for",
    answers: [deniedFor(1), allowed],
    maxWaitSeconds: 0,
    waits: [],
    result: deniedFor(1),
  },
  {
    when: "taken by others twice",
    answers: [deniedFor(300), deniedFor(600), allowed],
    maxWaitSeconds: 1,
    waits: [300, 300],
    result: allowed,
  },
  {
    when: "taken by others until the waits add up to too much",
    answers: [deniedFor(600), deniedFor(1200), allowed],
    maxWaitSeconds: 1,
    waits: [600],
    result: deniedFor(1200),
  },
  {
    when: "said to be open already",
    answers: [deniedFor(-50), allowed],
    maxWaitSeconds: 1,
    waits: [20],
    result: allowed,
  },
])("a bucket $when is waited for as long as allowed", async ({ answers, maxWaitSeconds, waits, result }) => {
  const { clock, sleep, slept } = simulated();
  const { limiter, asked } = scripted(...answers);
  expect(await acquire(limiter, buckets, { clock, sleep, maxWaitSeconds })).toEqual(result);
  expect(slept).toEqual(waits);
  expect(asked.map(({ now }) => now.getTime() - start.getTime())).toEqual(
    [0, ...waits].map((_, index) => waits.slice(0, index).reduce((sum, wait) => sum + wait, 0)),
  );
});

test("with a clock that stands still the wait ends all the same", async () => {
  const { clock, sleep, slept } = simulated({ frozen: true });
  expect(await acquire(scripted(deniedFor(400)).limiter, buckets, { clock, sleep, maxWaitSeconds: 1 })).toEqual(
    deniedFor(400),
  );
  expect(slept).toEqual([400, 400]);
});

test("a limiter that doesn't answer is not waited for", async () => {
  const { clock, sleep, slept } = simulated();
  await expect(acquire(scripted(unavailable).limiter, buckets, { clock, sleep, maxWaitSeconds: 9 })).rejects.toBe(
    unavailable,
  );
  expect(slept).toEqual([]);
});
