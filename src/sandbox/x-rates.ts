import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "./x-store.ts";

export interface XRate {
  /** Requests of one account per 15 minutes. */
  perUser: number;
  /** Requests of one app per 24 hours; missing where X has no such window. */
  perAppDay?: number;
}

/** https://docs.x.com/x-api/fundamentals/rate-limits; STATUS is not listed there and takes the limit of its neighbours. */
export const xRates = {
  createPost: { perUser: 100, perAppDay: 10_000 },
  deletePost: { perUser: 50 },
  timeline: { perUser: 900 },
  me: { perUser: 75 },
  upload: { perUser: 500, perAppDay: 50_000 },
  uploadPart: { perUser: 1875, perAppDay: 180_000 },
  metadata: { perUser: 500, perAppDay: 50_000 },
} as const satisfies Record<string, XRate>;

interface Window {
  limit: number;
  remaining: number;
  resetAtSeconds: number;
  exceeded: boolean;
}

/** Counts one request; `allowed` is false when a window is used up. The headers report every window. */
export function countRequest(
  database: DatabaseSync,
  input: { route: string; rate: XRate; xUserId: string; appKey: string; now: Date },
): { allowed: boolean; headers: Record<string, string> } {
  const { route, rate, now } = input;
  return inTransaction(database, () => {
    const user = useWindow(database, { key: `${route} ${input.xUserId}`, limit: rate.perUser, seconds: 900, now });
    const headers = windowHeaders("x-rate-limit", user);
    if (rate.perAppDay === undefined) return { allowed: !user.exceeded, headers };
    const app = useWindow(database, {
      key: `${route} app ${input.appKey}`,
      limit: rate.perAppDay,
      seconds: 86_400,
      now,
    });
    return {
      allowed: !user.exceeded && !app.exceeded,
      headers: { ...headers, ...windowHeaders("x-app-limit-24hour", app) },
    };
  });
}

function useWindow(database: DatabaseSync, window: { key: string; limit: number; seconds: number; now: Date }): Window {
  const now = Math.trunc(window.now.getTime() / 1000);
  const row = database.prepare("select reset_at, used from windows where key = ?").get(window.key);
  const resetAt = Number(row?.reset_at ?? 0);
  // A window that ends too far ahead was opened by a run with a later simulated clock.
  const current = now < resetAt && resetAt <= now + window.seconds;
  const resetAtSeconds = current ? resetAt : now + window.seconds;
  const used = (current ? Number(row?.used) : 0) + 1;
  database
    .prepare("insert into windows values (?, ?, ?) on conflict (key) do update set reset_at = ?2, used = ?3")
    .run(window.key, resetAtSeconds, used);
  const { limit } = window;
  return { limit, remaining: Math.max(0, limit - used), resetAtSeconds, exceeded: used > limit };
}

function windowHeaders(name: string, window: Window): Record<string, string> {
  return {
    [`${name}-limit`]: `${window.limit}`,
    [`${name}-remaining`]: `${window.remaining}`,
    [`${name}-reset`]: `${window.resetAtSeconds}`,
  };
}
