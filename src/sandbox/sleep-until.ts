import { setTimeout as sleep } from "node:timers/promises";

/** Waits for an instant of `performance.now()`; not at all when it has passed: what was done until then is part of the wait. */
export async function sleepUntil(atMs: number): Promise<void> {
  const leftMs = atMs - performance.now();
  if (leftMs > 0) await sleep(leftMs);
}
