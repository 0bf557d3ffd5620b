import { afterEach, expect, test } from "vitest";
import type { Bucket, Limiter } from "../../src/ports.ts";

export interface LimiterUnderTest {
  limiter: Limiter;
  /** The clock whose instants `take` gets. */
  now: () => Date;
  /** Lets time pass on that clock, which otherwise stands still: no test depends on how fast a machine is. */
  wait: (seconds: number) => Promise<void>;
  close: () => Promise<void>;
}

/** Every limiter passes these. */
export function limiterContract(open: () => Promise<LimiterUnderTest>): void {
  let opened: LimiterUnderTest | undefined;
  let serial = 0;

  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });

  async function begin() {
    const subject = await open();
    opened = subject;
    const take = (...buckets: Bucket[]) => subject.limiter.take(buckets, subject.now());
    /** How many single tokens the bucket grants now, of more than it can hold. */
    const drain = async (bucket: Bucket) => {
      let granted = 0;
      while (granted <= bucket.capacity && (await take({ ...bucket, cost: 1 })).allowed) granted += 1;
      return granted;
    };
    return { ...subject, take, drain };
  }

  /** A new key each time; refilled once an hour unless told otherwise, which is never during a test. */
  function bucket(capacity: number, over: Partial<Bucket> = {}): Bucket {
    serial += 1;
    return { key: `contract:${serial}`, capacity, refill: capacity, intervalSeconds: 3600, cost: 1, ...over };
  }

  test("of fifty takers at once, a bucket of twenty serves twenty", async () => {
    const { take } = await begin();
    const twenty = bucket(20);
    const taken = await Promise.all(Array.from({ length: 50 }, () => take(twenty)));
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(20);
  });

  test("a cost counts in full, and a denied cost counts not at all", async () => {
    const { take } = await begin();
    const twenty = bucket(20);
    expect(await take({ ...twenty, cost: 15 })).toEqual({ allowed: true });
    expect(await take({ ...twenty, cost: 15 })).toMatchObject({ allowed: false, key: twenty.key });
    expect(await take({ ...twenty, cost: 5 })).toEqual({ allowed: true });
    expect(await take(twenty)).toMatchObject({ allowed: false });
  });

  test("an empty bucket grants its refill after an interval, and no more", async () => {
    const { drain, wait } = await begin();
    const refilled = bucket(4, { refill: 2, intervalSeconds: 60 });
    expect(await drain(refilled)).toBe(4);
    await wait(66);
    expect(await drain(refilled)).toBe(2);
  });

  test("an idle bucket never holds more than its capacity", async () => {
    const { drain, take, wait } = await begin();
    const capped = bucket(3, { refill: 3, intervalSeconds: 60 });
    expect(await take(capped)).toEqual({ allowed: true });
    await wait(132);
    expect(await drain(capped)).toBe(3);
  });

  test("a denied take says when to come back, and then it is allowed", async () => {
    const { take, drain, now, wait } = await begin();
    const slow = bucket(2, { refill: 1, intervalSeconds: 60 });
    await drain(slow);
    const askedAt = now();
    const taken = await take(slow);
    if (taken.allowed) throw new Error("an empty bucket was allowed");
    expect(taken.retryAt.getTime()).toBeGreaterThan(askedAt.getTime());
    expect(taken.retryAt.getTime()).toBeLessThanOrEqual(now().getTime() + 60_000);
    await wait((taken.retryAt.getTime() - now().getTime()) / 1000 + 0.01);
    expect(await take(slow)).toEqual({ allowed: true });
  });

  test.for([{ first: "empty" }, { first: "full" }])(
    "with the $first of two buckets first, the empty one denies and neither pays for it",
    async ({ first }) => {
      const { take, drain, wait } = await begin();
      const empty = bucket(2, { refill: 1, intervalSeconds: 60 });
      const full = bucket(5);
      await drain(empty);
      const both = first === "empty" ? [empty, full] : [full, empty];
      for (let times = 0; times < 3; times += 1) {
        expect(await take(...both)).toMatchObject({ allowed: false, key: empty.key });
      }
      expect(await drain(full)).toBe(5);
      await wait(66);
      expect(await drain(empty)).toBe(1);
    },
  );

  test("of two empty buckets, the one that opens last says when to come back", async () => {
    const { take, drain, now } = await begin();
    const soon = bucket(1, { intervalSeconds: 60 });
    const late = bucket(1, { intervalSeconds: 3600 });
    await drain(soon);
    await drain(late);
    const taken = await take(late, soon);
    if (taken.allowed) throw new Error("two empty buckets were allowed");
    expect(taken.key).toBe(late.key);
    expect(taken.retryAt.getTime()).toBeGreaterThan(now().getTime() + 60_000);
  });

  test("keys don't influence each other", async () => {
    const { drain } = await begin();
    expect(await drain(bucket(3))).toBe(3);
    expect(await drain(bucket(3))).toBe(3);
  });
}
