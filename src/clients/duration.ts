import { Temporal } from "temporal-polyfill";

/** Seconds of a duration such as "45m" or "1h30m". */
export function secondsOf(duration: string): number {
  return Temporal.Duration.from(`PT${duration.toUpperCase()}`).total("seconds");
}

/** True for a day that exists, "2026-02-29" not. */
export function isDate(date: string): boolean {
  try {
    return Temporal.PlainDate.from(date, { overflow: "reject" }).toString() === date;
  } catch {
    return false;
  }
}
