import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { PostingError } from "../errors.ts";
import type { Bucket, Limiter, Taken } from "../ports.ts";

type Answer = Awaited<ReturnType<Ratelimit["limit"]>>;

/**
 * Token buckets in Upstash Redis. All buckets of one take travel in one HTTP request; a denied take costs one more, which
 * gives back what the other buckets had granted.
 * Time is this machine's: the library reads `Date.now()` itself, so `now` only tells in which clock `retryAt` is wanted.
 * @throws PostingError "config" when the address is not one; `take` throws "unavailable" unless every answer is clear.
 */
export function openUpstashLimiter(options: { url: string; token: string; timeoutMs?: number }): Limiter {
  const { url, token, timeoutMs = 1500 } = options;
  const redis = openRedis(url, token, timeoutMs);
  const ratelimits = new Map<string, Ratelimit>();

  async function ask(bucket: Bucket, cost: number): Promise<Answer> {
    const shape = `${bucket.capacity}/${bucket.refill}/${bucket.intervalSeconds}`;
    const ratelimit = ratelimits.get(shape) ?? openRatelimit(redis, bucket);
    ratelimits.set(shape, ratelimit);
    return ratelimit.limit(bucket.key, { rate: cost });
  }

  async function take(buckets: readonly Bucket[], now: Date): Promise<Taken> {
    buckets.forEach(assertBucket);
    const offsetMs = now.getTime() - Date.now();
    const answers = await askAll(buckets, ask, timeoutMs);
    const denied = answers.filter(({ answer }) => !answer.success);
    const last = denied.toSorted((a, b) => b.answer.reset - a.answer.reset)[0];
    if (last === undefined) return { allowed: true };
    await giveBack(
      answers.filter(({ answer }) => answer.success).map(({ bucket }) => bucket),
      ask,
    );
    return { allowed: false, key: last.bucket.key, retryAt: new Date(last.answer.reset + offsetMs) };
  }

  return { take };
}

/**
 * Asks whether Upstash answers and lets this token run scripts, which a read-only one may not. Writes nothing.
 * @throws PostingError "config" for the address or the token, else "unavailable".
 */
export async function probeUpstash({
  url,
  token,
  timeoutMs,
}: {
  url: string;
  token: string;
  timeoutMs: number;
}): Promise<void> {
  const redis = openRedis(url, token, timeoutMs);
  const answer = await redis.eval("return 1", [], []).catch((cause: unknown) => {
    // Upstash has words and no code for it; what they quote is not told.
    const refused = cause instanceof Error && /unauthorized|wrongpass|noauth|noperm/i.test(cause.message);
    if (refused) throw new PostingError("config", "Upstash refused the token, or it may only read");
    throw new PostingError("unavailable", `Upstash gave no clear answer: ${reasonOf(cause, timeoutMs)}`);
  });
  if (answer !== 1) throw new PostingError("unavailable", "Upstash gave no clear answer: not the one to the question");
}

type Ask = (bucket: Bucket, cost: number) => Promise<Answer>;

function openRedis(url: string, token: string, timeoutMs: number): Redis {
  try {
    return new Redis({
      url,
      token,
      // `retry: false` still tries twice, and a second try after a lost answer would charge the bucket twice.
      retry: { retries: 0 },
      // A function, because the client turns an abort of a plain signal into an answer of status 200.
      signal: () => AbortSignal.timeout(timeoutMs),
      enableTelemetry: false,
      enableAutoPipelining: true,
    });
  } catch (cause) {
    throw new PostingError("config", "UPSTASH_REDIS_REST_URL is not an http or https address", { cause });
  }
}

function openRatelimit(redis: Redis, { capacity, refill, intervalSeconds }: Bucket): Ratelimit {
  return new Ratelimit({
    redis,
    limiter: Ratelimit.tokenBucket(refill, `${Math.round(intervalSeconds * 1000)} ms`, capacity),
    prefix: "clara",
    // The library's own timeout answers "allowed"; the request's signal throws instead.
    timeout: 0,
    // A denial remembered in this process could outlive a refill made elsewhere.
    ephemeralCache: false,
    analytics: false,
  });
}

/** Asks in one tick of the event loop: that is what puts the commands into one request. */
async function askAll(buckets: readonly Bucket[], ask: Ask, timeoutMs: number) {
  try {
    return await Promise.all(
      buckets.map(async (bucket) => {
        const answer = await ask(bucket, bucket.cost);
        if (!isClear(answer, bucket)) throw new TypeError("the answer is not one of a token bucket");
        return { bucket, answer };
      }),
    );
  } catch (cause) {
    throw new PostingError("unavailable", `Upstash gave no clear answer: ${reasonOf(cause, timeoutMs)}`, { cause });
  }
}

/**
 * Without this, callers that wait for one bucket would drain the others at every try and starve each other.
 * A failure is not told: the tokens are lost, which only makes the limit tighter.
 */
async function giveBack(buckets: readonly Bucket[], ask: Ask): Promise<void> {
  await Promise.allSettled(buckets.map((bucket) => ask(bucket, -bucket.cost)));
}

/**
 * A body that only resembles an answer must not pass: the library compares what it got with `>= 0` and no more. The
 * answers that it makes up itself, such as for a timeout, have a limit of 0.
 */
function isClear(answer: Answer, bucket: Bucket): boolean {
  const numbers = [answer.remaining, answer.reset, answer.limit];
  return numbers.every(Number.isSafeInteger) && answer.limit === bucket.capacity;
}

/** A cost of zero or less would hand out tokens, and one above the capacity could never be granted. */
function assertBucket({ key, cost, capacity }: Bucket): void {
  if (!(cost > 0 && cost <= capacity)) throw new RangeError(`bucket ${key}: cost ${cost} is outside 1..${capacity}`);
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "unknown error";
  if (error.name === "TimeoutError") return `nothing within ${timeoutMs} ms`;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : error.name;
}
