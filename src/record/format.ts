/** Made when first used: that takes 10 ms, and a tick with nothing due has nothing but zeros. */
function lazily(options: Intl.NumberFormatOptions): (number: number) => string {
  let format: Intl.NumberFormat | undefined;
  return (number) => {
    format ??= new Intl.NumberFormat("en-US", options);
    return format.format(number);
  };
}

const whole = lazily({});
const percents = lazily({ style: "percent", maximumFractionDigits: 1 });
const cents = lazily({ style: "currency", currency: "USD" });
const fineCents = lazily({ style: "currency", currency: "USD", maximumFractionDigits: 4 });

/** Dollars: cents from one dollar on, below it up to four decimals, because one post costs $0.015. */
export function money(usd: number): string {
  if (usd === 0) return "$0.00";
  if (usd > 0 && usd < 0.0001) return "<$0.0001";
  return usd < 1 ? fineCents(usd) : cents(usd);
}

/** `38 s`, `12 min`, `2 h 05 min`, `3 d 04 h`; less than nothing is `0 s`. */
export function duration(seconds: number): string {
  const wholeSeconds = Math.max(0, Math.round(seconds));
  if (wholeSeconds < 60) return `${wholeSeconds} s`;
  const minutes = Math.round(wholeSeconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

/** `12,345`. */
export function count(number: number): string {
  return Number.isInteger(number) && number >= 0 && number < 1000 ? String(number) : whole(number);
}

/** `1 slot`, `2 slots`. */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** `6.8%` of 0.068. */
export function percent(ratio: number): string {
  return ratio === 0 ? "0%" : percents(ratio);
}

/** The local time that a slot id carries, `2026-11-21 09:00`; the id itself when it has another form. */
export function plannedTime(slot: string): string {
  const match = /\/(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})$/.exec(slot);
  return match === null ? slot : `${match[1]} ${match[2]}`;
}

/** The first names of many: `a, b, c and 9 more`. */
export function firstOf(names: readonly string[], max: number): string {
  const rest = names.length - max;
  const shown = names.slice(0, max).join(", ");
  return rest > 0 ? `${shown} and ${count(rest)} more` : shown;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
