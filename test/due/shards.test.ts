import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clientsWithWork,
  defaultSlotsPerJob,
  hashClient,
  isServed,
  leftAlone,
  readShard,
  readSlotsPerJob,
  splitIntoShards,
} from "../../src/due/shards.ts";
import { UserError } from "../../src/errors.ts";
import type { Only } from "../../src/terms.ts";
import { exampleClient, exampleClientState, exampleState } from "./examples.ts";

const whole = ["00000000-ffffffff"];
const anyHash = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const number = (hex: string) => Number.parseInt(hex, 16);
const ends = (shards: readonly string[]) => shards.map((shard) => readShard(shard));

test("the hash of a client is the start of the SHA-256 of its id", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (id) => {
      const digest = createHash("sha256").update(id, "utf8").digest("hex");
      expect(hashClient(id)).toBe(number(digest.slice(0, 8)));
    }),
  );
});

test("the published digest of abc gives the hash of a client abc", () => {
  expect(hashClient("abc")).toBe(0xba7816bf);
});

test.for([
  { clients: 0, slotsPerJob: 500, shards: 1 },
  { clients: 500, slotsPerJob: 500, shards: 1 },
  { clients: 501, slotsPerJob: 500, shards: 2 },
  { clients: 10_000, slotsPerJob: 500, shards: 20 },
  { clients: 10_000, slotsPerJob: 1, shards: 256 },
])("$clients slots, $slotsPerJob for each job, are $shards shards", ({ clients, slotsPerJob, shards }) => {
  const hashes = Array.from({ length: clients }, (_, n) => hashClient(`client-${n}`));
  expect(splitIntoShards(hashes, slotsPerJob)).toHaveLength(shards);
});

test("whatever the hashes, the shards cover the whole space once, in order, and are 256 at most", () => {
  fc.assert(
    fc.property(fc.array(anyHash, { maxLength: 600 }), fc.integer({ min: 1, max: 50 }), (hashes, slotsPerJob) => {
      const ranges = ends(splitIntoShards(hashes, slotsPerJob));
      expect(ranges.length).toBeLessThanOrEqual(256);
      expect(ranges[0]?.from).toBe("00000000");
      expect(ranges.at(-1)?.to).toBe("ffffffff");
      for (const [n, { from }] of ranges.entries()) {
        if (n > 0) expect(number(from)).toBe(number(ranges[n - 1]?.to ?? "") + 1);
      }
    }),
  );
});

test("shards hold the same number of different hashes, give or take one, and no more than a job should take", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyHash, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      (hashes, slotsPerJob) => {
        const ranges = ends(splitIntoShards(hashes, slotsPerJob));
        const sizes = ranges.map(
          ({ from, to }) => hashes.filter((hash) => number(from) <= hash && hash <= number(to)).length,
        );
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(hashes.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(slotsPerJob);
        expect(ranges).toHaveLength(Math.ceil(hashes.length / slotsPerJob));
      },
    ),
  );
});

test("equal hashes stay in one shard", () => {
  expect(splitIntoShards([7, 7, 7, 7], 1)).toEqual(["00000000-00000006", "00000007-ffffffff"]);
  expect(splitIntoShards([0, 0, 0], 1)).toEqual(whole);
});

test("the order in which clients are listed changes no shard", () => {
  fc.assert(
    fc.property(fc.array(anyHash, { maxLength: 100 }), (hashes) => {
      expect(splitIntoShards(hashes.toReversed(), 7)).toEqual(splitIntoShards(hashes, 7));
    }),
  );
});

test("every client, due or not, is served by exactly one shard", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 60 }), fc.string(), (ids, later) => {
      const ranges = ends(splitIntoShards(ids.map(hashClient), 5));
      for (const id of [...ids, later]) expect(ranges.filter((range) => isServed(range, id))).toHaveLength(1);
    }),
  );
});

test("a run without a limit serves everyone, and one for a client that client", () => {
  expect(isServed(undefined, "acme")).toBe(true);
  expect(isServed({ client: "acme" }, "acme")).toBe(true);
  expect(isServed({ client: "acme" }, "bolt")).toBe(false);
});

describe("a range", () => {
  test("is two ends, both included", () => {
    expect(readShard("00000000-3fffffff")).toEqual({ from: "00000000", to: "3fffffff" });
    expect(readShard("7fffffff-7fffffff")).toEqual({ from: "7fffffff", to: "7fffffff" });
  });

  test.for([
    "",
    "-",
    "00000000",
    "0-f",
    "00000000-3FFFFFFF",
    "00000000-3fffffff ",
    "00000000-3fffffff\n",
    "000000000-3fffffff",
    "3fffffff-00000000",
    "0000000g-3fffffff",
    "\u001b[31m::error::x",
  ])("is not %j, which is wrong usage", (text) => {
    expect(() => readShard(text)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining("such as 00000000-3fffffff") }),
    );
  });
});

describe("slots for each job", () => {
  test.for([
    [undefined, defaultSlotsPerJob],
    ["", defaultSlotsPerJob],
    [" ", defaultSlotsPerJob],
    ["1", 1],
    [" 250 ", 250],
    ["999999", 999_999],
  ] as const)("%j is %j", ([text, slots]) => {
    expect(readSlotsPerJob(text)).toBe(slots);
  });

  test.for(["0", "-1", "1.5", "1e3", "many", "1000000", "0x10"])("%j is wrong usage", (text) => {
    expect(() => readSlotsPerJob(text)).toThrow(UserError);
  });
});

test("a run leaves alone broken clients, and whom it does not serve, also those that only the ledger knows", () => {
  const known = ["acme", "gone"].map((id) => [id, exampleClientState()] as const);
  const waiting = { id: "left/2026-11-21T08:00", client: "left", plannedAt: new Date(0), state: "waiting" } as const;
  const state = exampleState({ clients: new Map(known), open: [waiting] });
  const workspace = { clients: ["acme", "bolt"].map((id) => exampleClient({}, { id })), broken: new Set(["torn"]) };
  const alone = (only?: Only) => [...leftAlone(workspace, state, only)].sort();
  expect(alone()).toEqual(["torn"]);
  expect(alone({ client: "acme" })).toEqual(["bolt", "gone", "left", "torn"]);
  expect(alone({ client: "gone" })).toEqual(["acme", "bolt", "left", "torn"]);
  expect(alone({ from: "00000000", to: "ffffffff" })).toEqual(["torn"]);
});

test("work is a due slot, or a send to settle that no run holds; a client with both counts once", () => {
  const now = new Date("2026-11-21T09:00:00Z");
  const later = new Date("2026-11-21T09:00:01Z");
  const slot = (client: string) => ({ id: `${client}/2026-11-21T08:00`, client, plannedAt: now });
  const state = exampleState({
    open: [
      { ...slot("acme"), state: "armed", leaseUntil: now },
      { ...slot("bolt"), state: "unknown" },
      { ...slot("cora"), state: "armed", leaseUntil: later },
      { ...slot("dora"), state: "waiting" },
      { ...slot("echo"), state: "claimed", leaseUntil: now },
    ],
  });
  const due = ["acme", "zulu"].map((id) => ({ slot: slot(id), client: exampleClient({}, { id }), latenessSeconds: 0 }));
  const plan = { due, deferred: [], closed: [], planned: [] };
  expect([...clientsWithWork(plan, state, now)].sort()).toEqual(["acme", "bolt", "zulu"]);
});
