import { expect, test } from "vitest";
import { benchProcesses } from "./processes.ts";
import { benchThroughput } from "./throughput.ts";

const latency = { modelMs: 20, xMs: 10 };

test("the throughput of a few slots is measured, with the calls that each of them made", async () => {
  const [time, ledger, limiter] = await benchThroughput({ slots: 40, latency, limit: 1000 });
  expect(time).toMatchObject({ floor: "0.04 s", holds: true, detail: expect.stringContaining("the whole process") });
  expect(time?.ratio).toBeGreaterThan(1);
  expect(ledger).toMatchObject({ figure: "3.000", holds: true, isCount: true });
  expect(limiter).toMatchObject({ figure: "2.000", holds: true, isCount: true });
});

test("four processes serve a few slots once each, and are compared with one", async () => {
  const [row] = await benchProcesses({ slots: 16, latencies: [latency], limit: 0.01 });
  expect(row).toMatchObject({ limit: 0.01, holds: true, figure: expect.stringMatching(/^\d+\.\d\/s$/) });
});
