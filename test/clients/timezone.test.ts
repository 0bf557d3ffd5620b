import { expect, test } from "vitest";
import { isTimeZone, suggestTimeZone } from "../../src/clients/timezone.ts";

test.for(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "US/Eastern", "Etc/GMT+5"])(
  "%s is a time zone",
  (name) => {
    expect(isTimeZone(name)).toBe(true);
    expect(isTimeZone(name)).toBe(true);
  },
);

test.for(["", "europe/berlin", "Berlin", "Mars/Olympus", "+02:00", "2026-01-01T00:00Z", "Europe/Berlin\n", "../etc"])(
  "%j is no time zone",
  (name) => {
    expect(isTimeZone(name)).toBe(false);
  },
);

test.for([
  { name: "berlin", hint: 'write "Europe/Berlin"' },
  { name: "New York", hint: 'write "America/New_York"' },
  { name: "Europe/Pariss", hint: 'write "Europe/Paris"' },
  { name: "GMT+02:00 somewhere", hint: 'write an IANA name such as "Europe/Berlin" or "America/New_York"' },
])("$name leads to: $hint", ({ name, hint }) => {
  expect(suggestTimeZone(name)).toBe(hint);
});
