import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SqlSession } from "../../src/vendors/migrations.ts";
import { embeddedSession, nativeLedgers } from "../support/ledger.ts";

/** Waits in seconds of the first turns, each with the base and the cap in minutes. */
async function waits(session: SqlSession, key: string, turns: number, base: number, cap: number): Promise<number[]> {
  const sql = "select clara.wait_seconds($1, turn, $3::int, $4::int) as seconds from generate_series(1, $2::int) turn";
  const rows = await session.transaction((query) => query(sql, [key, turns, base, cap]));
  return rows.map(({ seconds }) => Number(seconds));
}

function waitRules(session: () => SqlSession, numRuns: number): void {
  test("a wait is never below its base nor above its cap, and grows until the cap", async () => {
    const bounds = fc.tuple(fc.integer({ min: 1, max: 1440 }), fc.integer({ min: 0, max: 20_000 }));
    const rule = async (key: string, [base, more]: [number, number]) => {
      const cap = base + more;
      const seconds = await waits(session(), key, 40, base, cap);
      for (const [index, wait] of seconds.entries()) {
        expect(wait).toBeGreaterThanOrEqual(base * 60);
        expect(wait).toBeLessThanOrEqual(cap * 60);
        const before = seconds[index - 1] ?? 0;
        if (before < cap * 60) expect(wait).toBeGreaterThan(before);
        // At most a quarter on top: a wait is never as long as the next one at its shortest.
        expect(wait).toBeLessThan(base * 60 * 1.25 * 2 ** index);
      }
      expect(seconds.at(-1)).toBe(cap * 60);
    };
    const key = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""));
    await fc.assert(fc.asyncProperty(key, bounds, rule), { numRuns });
  });

  test("the same failure waits the same every time, and others come back apart", async () => {
    const ofClient = (n: number) => waits(session(), `client-${n} credentials`, 1, 30, 1440);
    const firsts = (await Promise.all(Array.from({ length: 40 }, (_, n) => ofClient(n)))).flat();
    expect((await ofClient(7))[0]).toBe(firsts[7]);
    expect(new Set(firsts).size).toBeGreaterThan(30);
    const [least, most] = [Math.min(...firsts), Math.max(...firsts)];
    expect(most - least).toBeGreaterThan(30 * 60 * 0.15);
  });

  test("the part on top is what the digest of the failure says, on every database", async () => {
    const key = "*x out-of-credit";
    const seconds = [1, 2, 3, 4, 5].map((turn) => {
      const digest = createHash("sha256").update(`${key} ${turn}`).digest("hex");
      const part = Number.parseInt(digest.slice(0, 7), 16) / 2 ** 28;
      return Math.floor(60 * Math.min(720, 60 * 2 ** (turn - 1) * (1 + part / 4)));
    });
    expect(await waits(session(), key, 5, 60, 720)).toEqual(seconds);
  });
}

describe("waits on PGlite", () => waitRules(embeddedSession(), 60));

describe("waits on a native Postgres 17", () => {
  const native = nativeLedgers();
  waitRules(native.session, 20);
});
