import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PostingError } from "../../src/errors.ts";
import type { Bucket, Limiter } from "../../src/ports.ts";
import { openUpstashLimiter } from "../../src/vendors/upstash.ts";
import { limiterContract } from "../contracts/limiter.ts";
import { hasRedisServer, openRedisHttp, type RedisHttp } from "../support/redis-http.ts";

const bucket: Bucket = { key: "k", capacity: 5, refill: 5, intervalSeconds: 3600, cost: 1 };
const two = [bucket, { ...bucket, key: "second" }];
/** Where an answer comes, a busy machine has all the time it needs for it. */
const patient = 30_000;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

// In CI a missing redis-server fails; on a machine without it these are skipped, and the name says why.
describe.skipIf(!hasRedisServer && process.env.CI === undefined)(
  "with redis-server (skipped where it is not installed)",
  () => {
    limiterContract(async () => {
      const redis = await openRedisHttp();
      // The adapter's own clock is `Date`, and Redis is told the time.
      vi.useFakeTimers({ toFake: ["Date"] });
      return {
        limiter: openUpstashLimiter({ ...redis, timeoutMs: patient }),
        now: () => new Date(),
        wait: async (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000),
        close: () => {
          vi.useRealTimers();
          return redis.close();
        },
      };
    });

    async function warm(): Promise<{ redis: RedisHttp; limiter: Limiter }> {
      const redis = await openRedisHttp();
      closers.push(redis.close);
      const limiter = openUpstashLimiter({ ...redis, timeoutMs: patient });
      await limiter.take([{ ...bucket, key: "warm" }], new Date());
      redis.requests.length = 0;
      return { redis, limiter };
    }

    test("two buckets of different shapes travel in one request, under the project's prefix", async () => {
      const { redis, limiter } = await warm();
      const other = { ...bucket, key: "other", capacity: 7, refill: 1, intervalSeconds: 0.5 };
      expect(await limiter.take([bucket, other], new Date())).toEqual({ allowed: true });
      expect(redis.requests).toHaveLength(1);
      expect(redis.requests[0]?.commands.map((command) => command[3])).toEqual(["clara:k", "clara:other"]);
      expect(redis.requests[0]?.commands.map((command) => command.slice(4, 7))).toEqual([
        ["5", "3600000", "5"],
        ["7", "500", "1"],
      ]);
    });

    test("a denied take costs one more request, which gives back what the others granted", async () => {
      const { redis, limiter } = await warm();
      const single = { ...bucket, key: "single", capacity: 1 };
      await limiter.take([single], new Date());
      redis.requests.length = 0;
      expect(await limiter.take([bucket, single], new Date())).toMatchObject({ allowed: false, key: "single" });
      expect(redis.requests.map(({ commands }) => commands.map((command) => [command[3], command.at(-1)]))).toEqual([
        [
          ["clara:k", "1"],
          ["clara:single", "1"],
        ],
        [["clara:k", "-1"]],
      ]);
    });

    test("the time to come back is told in the caller's clock", async () => {
      const { limiter } = await warm();
      const now = new Date("2030-01-01T00:00:00Z");
      await limiter.take([{ ...bucket, cost: 5 }], now);
      const taken = await limiter.take([bucket], now);
      expect(taken).toMatchObject({ allowed: false });
      const waitMs = taken.allowed ? 0 : taken.retryAt.getTime() - now.getTime();
      expect(waitMs).toBeGreaterThan(3_590_000);
      expect(waitMs).toBeLessThanOrEqual(3_600_000);
    });

    test("a wrong token is never allowed", async () => {
      const { redis } = await warm();
      await expectUnavailable({ url: redis.url, token: "wrong-token" });
      expect(redis.requests).toEqual([]);
    });
  },
);

async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function expectUnavailable({ url, token, timeoutMs = patient }: Options): Promise<PostingError> {
  return expectRefusal(openUpstashLimiter({ url, token, timeoutMs }), token);
}

interface Options {
  url: string;
  token: string;
  timeoutMs?: number;
}

async function expectRefusal(limiter: Limiter, token: string): Promise<PostingError> {
  const startedAt = performance.now();
  const error: unknown = await limiter.take(two, new Date()).then(JSON.stringify, (thrown: unknown) => thrown);
  // Shorter than the patience above: what has an answer never waits for its timeout.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  if (!(error instanceof PostingError)) throw new Error(`no PostingError: ${error}`);
  expect(error.kind).toBe("unavailable");
  expect(error.message).not.toContain(token);
  return error;
}

test("a refused connection is never allowed", async () => {
  const { url, server } = await serve(() => undefined);
  server.close();
  await once(server, "close");
  expect((await expectUnavailable({ url, token: "t-refused" })).message).toContain("ECONNREFUSED");
});

test("a server that hangs is never allowed, by default after 1.5 s", async () => {
  let hits = 0;
  const { url } = await serve(() => {
    hits += 1;
  });
  const error = await expectRefusal(openUpstashLimiter({ url, token: "t-hang" }), "t-hang");
  expect(error.message).toContain("nothing within 1500 ms");
  expect(hits, "no second wait").toBeLessThanOrEqual(1);
});

test("an answer that comes after the timeout is never allowed", async () => {
  const { url } = await serve((_, response) => void setTimeout(() => response.end(granted), 400));
  await expectUnavailable({ url, token: "t-late", timeoutMs: 100 });
});

test("a dropped connection is never allowed and the request is not repeated", async () => {
  let hits = 0;
  const { url } = await serve((request) => {
    hits += 1;
    request.socket.destroy();
  });
  await expectUnavailable({ url, token: "t-dropped" });
  expect(hits).toBe(1);
});

const granted = JSON.stringify([{ result: [4, Date.now() + 1000, 5] }, { result: [4, Date.now() + 1000, 5] }]);

test("the clear answer that the broken ones below are made from is allowed", async () => {
  const { url } = await serve((_, response) => response.end(granted));
  const take = openUpstashLimiter({ url, token: "t-clear", timeoutMs: patient }).take(two, new Date());
  expect(await take).toEqual({ allowed: true });
});

test("what is sent tells Upstash nothing about this machine", async () => {
  const names: string[] = [];
  const { url } = await serve((request, response) => {
    names.push(...Object.keys(request.headers));
    response.end(granted);
  });
  await openUpstashLimiter({ url, token: "t-quiet", timeoutMs: patient }).take(two, new Date());
  expect(names).toContain("authorization");
  expect(names.filter((name) => name.includes("telemetry"))).toEqual([]);
});

test.for([
  { answer: "503 with a page", status: 503, body: "<html>Service Unavailable</html>" },
  { answer: "503 with a granted body", status: 503, body: granted },
  { answer: "200 with a page", status: 200, body: "<html>Sign in</html>" },
  { answer: "an empty body", status: 200, body: "" },
  { answer: "a cut body", status: 200, body: granted.slice(0, -3) },
  { answer: "null", status: 200, body: "null" },
  { answer: "one object for two commands", status: 200, body: `{"result":[4,${Date.now()},5]}` },
  { answer: "one answer for two commands", status: 200, body: `[{"result":[4,${Date.now()},5]}]` },
  { answer: "null results", status: 200, body: '[{"result":null},{"result":null}]' },
  { answer: "empty results", status: 200, body: '[{"result":[]},{"result":[]}]' },
  { answer: "results of text", status: 200, body: '[{"result":["",""]},{"result":["",""]}]' },
  { answer: "a grant without a time", status: 200, body: granted.replaceAll(/,\d{13},/g, ",null,") },
  { answer: "a denial without a time", status: 200, body: granted.replaceAll(/4,\d{13},/g, "-1,null,") },
  { answer: "a grant with words for a time", status: 200, body: granted.replaceAll(/,\d{13},/g, ',"c29vbg==",') },
  { answer: "another capacity", status: 200, body: granted.replaceAll(",5]", ",500]") },
  {
    answer: "an error for one command",
    status: 200,
    body: granted.replace(/^\[\{.*?\}/, '[{"error":"ERR max requests limit exceeded"}'),
  },
])("$answer is never allowed", async ({ status, body }) => {
  let hits = 0;
  const { url } = await serve((_, response) => {
    hits += 1;
    response.writeHead(status).end(body);
  });
  await expectUnavailable({ url, token: "t-unclear" });
  expect(hits, "asked once").toBe(1);
});

test("an address that is not one is a configuration problem", () => {
  expect(() => openUpstashLimiter({ url: "redis.example", token: "t" })).toThrow(
    expect.objectContaining({ kind: "config" }),
  );
});

test.for([0, -1, 6, Number.NaN])("a cost of %s is a bug and asks nobody", async (cost) => {
  const limiter = openUpstashLimiter({ url: "http://127.0.0.1:9", token: "t" });
  await expect(limiter.take([{ ...bucket, cost }], new Date())).rejects.toThrow(RangeError);
});
