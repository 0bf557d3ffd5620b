import type { OutcomeInput, RateWindow, Strike } from "../ports.ts";
import { fullAccountStrike } from "./strikes.ts";

interface NamedWaits {
  backoff?: NonNullable<OutcomeInput["backoff"]>;
  strikes?: readonly Strike[];
}

/**
 * What X's headers report wins over our own buckets: a window without room keeps its clients away until it resets. The app's and the
 * account's may be full at once. Neither stands for the other: everybody waits for the app's, and the account's, where it lasts
 * longer, is the client's own wait besides.
 */
export function namedWaits(windows: readonly RateWindow[], now: Date): NamedWaits {
  const [all, own] = [fullUntil(windows, "all", now), fullUntil(windows, "client", now)];
  if (all === undefined) return own === undefined ? {} : { backoff: wait("client", own) };
  const backoff = wait("all", all);
  if (own === undefined || own <= all) return { backoff };
  const minutes = Math.ceil((own.getTime() - now.getTime()) / 60_000);
  return { backoff, strikes: [fullAccountStrike(whyWait(own), minutes)] };
}

/** Says what is waited for, and until when. */
export function whyWait(until: Date): string {
  return `X lets no more posts through until ${until.toISOString()}`;
}

function wait(scope: RateWindow["scope"], until: Date): NonNullable<NamedWaits["backoff"]> {
  return { scope, until, reason: whyWait(until) };
}

function fullUntil(windows: readonly RateWindow[], scope: RateWindow["scope"], now: Date): Date | undefined {
  return windows
    .filter((window) => window.scope === scope && window.remaining <= 0 && window.resetAt > now)
    .map(({ resetAt }) => resetAt)
    .sort((one, other) => other.getTime() - one.getTime())[0];
}
