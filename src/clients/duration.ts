import { Temporal } from "temporal-polyfill";

/** Seconds of a duration such as "45m" or "1h30m". */
export const secondsOf = remembered((duration: string) =>
  Temporal.Duration.from(`PT${duration.toUpperCase()}`).total("seconds"),
);

/** True for a day that exists, "2026-02-29" not. */
export const isDate = remembered((date: string) => {
  try {
    return Temporal.PlainDate.from(date, { overflow: "reject" }).toString() === date;
  } catch {
    return false;
  }
});

const mostRemembered = 10_000;

/** Clients write the same few words over and over, and the library takes its time. */
function remembered<Answer>(ask: (text: string) => Answer): (text: string) => Answer {
  const known = new Map<string, Answer>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const answer = ask(text);
    if (known.size < mostRemembered) known.set(text, answer);
    return answer;
  };
}
