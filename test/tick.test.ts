import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { serveEach, slotResult } from "../src/tick.ts";
import { openLog } from "../src/vendors/log.ts";
import { tickDouble } from "./support/tick.ts";

const now = new Date("2026-11-21T09:30:00Z");
const slotOf = (client: string) => ({
  id: `${client}/2026-11-21T09:00`,
  client,
  plannedAt: new Date("2026-11-21T09:00:00Z"),
});

test("a bug in one slot is logged and counted, and the other slots go on", async () => {
  const lines: string[] = [];
  const tick = tickDouble({ now, lines });
  const { results, bugs } = await serveEach(tick, ["acme", "beta"].map(slotOf), async (slot) => {
    if (slot.client === "acme") throw new TypeError("a bug");
    return slotResult(tick, slot, { outcome: "posted", postId: "1" });
  });
  expect(bugs).toBe(1);
  expect(results).toMatchObject([
    { client: "acme", outcome: "unknown", reason: expect.stringContaining("see the log") },
    { client: "beta", outcome: "posted" },
  ]);
  expect(lines.filter((line) => line.includes("a bug"))).toHaveLength(1);
});

test("of at most 48 slots in work 32 go outside at the same time, in their order", async () => {
  const tick = tickDouble({ now });
  const slots = Array.from({ length: 100 }, (_, index) => slotOf(`client-${index}`));
  const started: string[] = [];
  const count = { inWork: 0, outside: 0 };
  const most = { inWork: 0, outside: 0 };
  const during = async <T>(what: keyof typeof count, work: () => Promise<T>): Promise<T> => {
    count[what] += 1;
    most[what] = Math.max(most[what], count[what]);
    const done = await work();
    count[what] -= 1;
    return done;
  };
  const { results } = await serveEach(tick, slots, (slot, outside) => {
    started.push(slot.id);
    return during("inWork", async () => {
      await outside(() => during("outside", () => sleep(1)));
      return slotResult(tick, slot, { outcome: "posted" });
    });
  });
  expect(most).toEqual({ inWork: 48, outside: 32 });
  expect(results).toHaveLength(100);
  expect(started).toEqual(slots.map(({ id }) => id));
});

test("a slot is as late as the clock says, and never early", () => {
  const early = { ...slotOf("acme"), plannedAt: new Date("2026-11-21T09:31:00Z") };
  expect(slotResult(tickDouble({ now }), slotOf("acme"), { outcome: "missed" }).latenessSeconds).toBe(1800);
  expect(slotResult(tickDouble({ now }), early, { outcome: "deferred" }).latenessSeconds).toBe(0);
});

test("a stopped run tells no start and one cause only a few times", async () => {
  const lines: string[] = [];
  const tick = tickDouble({ now, lines });
  tick.stop.abort("X wants money");
  const slots = Array.from({ length: 200 }, (_, index) => slotOf(`client-${index}`));
  const { results } = await serveEach(tick, slots, async (slot) =>
    slotResult(tick, slot, { outcome: "deferred", reason: "X wants money", cause: "stopped" }),
  );
  expect(results).toHaveLength(200);
  expect(lines).toHaveLength(3);
  expect(lines.every((line) => line.includes("deferred: X wants money"))).toBe(true);
});

test("in GitHub Actions a slot that ended like others before it opens no fold", async () => {
  const lines: string[] = [];
  const log = openLog({ stream: { write: (line) => lines.push(line) }, folds: true });
  const tick = { ...tickDouble({ now }), log };
  await serveEach(
    tick,
    Array.from({ length: 200 }, (_, index) => slotOf(`client-${index}`)),
    async (slot) => slotResult(tick, slot, { outcome: "deferred", reason: "503", cause: "unavailable" }),
  );
  expect(lines.filter((line) => line.startsWith("::group::"))).toHaveLength(3);
  expect(lines).toHaveLength(3);
});
