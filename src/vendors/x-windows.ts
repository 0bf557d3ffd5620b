import type { RateWindow } from "../ports.ts";

export type XHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** X's windows. The 24-hour headers are not in its documentation, so each one may be missing. */
const windowHeaders = [
  { name: "x-rate-limit", scope: "client" },
  { name: "x-user-limit-24hour", scope: "client" },
  { name: "x-app-limit-24hour", scope: "all" },
] as const;

/** X's longest window is a day, and clocks differ. A reset beyond that is an error of whatever answered, and nobody waits for years. */
const longestWaitMs = 25 * 3_600_000;

/** The windows that an answer reports; those it reports incompletely are left out. */
export function reportedWindows(headers: XHeaders, now: Date): RateWindow[] {
  const latestMs = now.getTime() + longestWaitMs;
  return windowHeaders.flatMap(({ name, scope }) => {
    const remaining = wholeNumber(headers[`${name}-remaining`]);
    const resetSeconds = wholeNumber(headers[`${name}-reset`]);
    if (remaining === undefined || resetSeconds === undefined) return [];
    return [{ scope, remaining, resetAt: new Date(Math.min(resetSeconds * 1000, latestMs)) }];
  });
}

/** The windows that let nothing through before their reset. */
export function fullOnes(windows: readonly RateWindow[]): RateWindow[] {
  return windows.filter(({ remaining }) => remaining <= 0);
}

/** The latest reset of these windows; undefined when there is none. */
export function latestReset(windows: readonly RateWindow[]): Date | undefined {
  return windows.map(({ resetAt }) => resetAt).sort((a, b) => b.getTime() - a.getTime())[0];
}

/** Some answers carry the word None where a number belongs. Ten digits of seconds reach the year 2286. */
function wholeNumber(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,10}$/.test(header) ? Number(header) : undefined;
}
