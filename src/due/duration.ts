/** Whole minutes from here on; below, the seconds are told too, so that "2 min late, the limit is 2 min" can't happen. */
const minutesOnlyFromSeconds = 600;

/** A duration as people write it: "40 s", "1 min 30 s", "52 min", "2 h 5 min". `round` decides about parts of a minute. */
export function inWords(seconds: number, round: (value: number) => number): string {
  const whole = Math.max(0, round(seconds));
  if (whole < minutesOnlyFromSeconds) return joined(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = round(whole / 60);
  return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  if (large === 0) return `${small} ${smallUnit}`;
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
