import { Temporal } from "temporal-polyfill";
import { suggest } from "./names.ts";

const listed = Intl.supportedValuesOf("timeZone");
const known = new Map<string, boolean>([...listed, "UTC"].map((name) => [name, true]));

/** True for the exact name of an IANA zone. Fixed offsets are refused: they know no daylight saving. */
export function isTimeZone(name: string): boolean {
  const answer = known.get(name) ?? asks(name);
  known.set(name, answer);
  return answer;
}

/** What to write instead of a name that is no zone. */
export function suggestTimeZone(name: string): string {
  const city = name.split("/").at(-1) ?? name;
  const sameCity = listed.find((zone) => zone.toLowerCase().endsWith(`/${city.toLowerCase().replaceAll(" ", "_")}`));
  if (sameCity !== undefined) return `write ${JSON.stringify(sameCity)}`;
  return suggest(name, [...listed, "UTC"], 'write an IANA name such as "Europe/Berlin" or "America/New_York"');
}

/** The zone that is written so but for case and spaces: `Europe/Berlin` of `europe/berlin`; undefined when there is none. */
export function sameZone(name: string): string | undefined {
  const plain = name.trim().toLowerCase().replace(/\s+/g, "_");
  return [...listed, "UTC"].find((zone) => zone.toLowerCase() === plain);
}

/** Older names such as US/Eastern work without being listed; Temporal knows them. */
function asks(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(name)) return false;
  try {
    const zoned = Temporal.ZonedDateTime.from({ year: 2026, month: 1, day: 1, timeZone: name });
    return zoned.timeZoneId === name;
  } catch {
    return false;
  }
}
