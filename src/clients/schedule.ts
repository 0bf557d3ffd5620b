import type { Schedule } from "../terms.ts";
import { isDate, secondsOf } from "./duration.ts";
import type { ScheduleFields, SharedScheduleFields } from "./files.ts";
import { type Finding, fault, label, type Path } from "./finding.ts";

/** As the files name them, Monday first. */
export const weekdays: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const words: Record<string, readonly number[]> = {
  daily: [1, 2, 3, 4, 5, 6, 7],
  weekdays: [1, 2, 3, 4, 5],
  weekends: [6, 7],
};
const daySeconds = 86_400;

/** The schedule with durations in seconds and posting hours spread into times. */
export function normaliseSchedule(own: ScheduleFields, shared: SharedScheduleFields): Schedule {
  const merged = { ...shared, ...own, late: { ...shared.late, ...own.late } };
  return {
    days: daysOf(own.days),
    times: timesOf(own).map(({ time }) => time),
    jitterSeconds: secondsOf(merged.jitter ?? "0m"),
    lateWithinSeconds: secondsOf(merged.late.within ?? "45m"),
    lateThen: merged.late.then ?? "skip",
    minGapSeconds: secondsOf(merged.min_gap ?? "30m"),
    except: (merged.except ?? []).map(datesOf),
  };
}

/** What is impossible in the parts of a schedule that a client and the defaults can both give. */
export function sharedScheduleFindings(fields: SharedScheduleFields, path: Path): readonly Finding[] {
  const findings: Finding[] = [];
  const within = fields.late?.within;
  if (within !== undefined && (secondsOf(within) < 60 || secondsOf(within) > daySeconds)) {
    const at = [...path, "late", "within"];
    findings.push(fault(at, `${label(at)} must be from 1m to 24h; it is ${within}`, 'write for example "45m"'));
  }
  for (const [index, range] of (fields.except ?? []).entries()) {
    const at = [...path, "except", index];
    const { from, to } = datesOf(range);
    const unreal = [from, to].find((date) => !isDate(date));
    if (unreal !== undefined) {
      findings.push(fault(at, `the date ${unreal} does not exist`, "write a day of the calendar as YYYY-MM-DD"));
    } else if (to < from) {
      findings.push(fault(at, `the dates ${range} end before they start`, `write "${to}/${from}"`));
    }
  }
  return findings;
}

/** What is impossible in a client's own times, given the jitter and the gap that it may have inherited. */
export function timeFindings(own: ScheduleFields, merged: Schedule, path: Path): readonly Finding[] {
  const hours = own.posting_hours?.split("-");
  if (hours?.[0] !== undefined && hours[1] !== undefined && hours[0] > hours[1]) {
    const at = [...path, "posting_hours"];
    return [fault(at, `${label(at)} end before they start`, `write for example "${hours[1]}-${hours[0]}"`)];
  }
  const closest = closestTimes(own, merged.days);
  const findings: Finding[] = [];
  // Two posts in one minute would be one slot, even without any min_gap.
  const gap = Math.max(merged.minGapSeconds, 60);
  if (closest.seconds < gap) {
    const field = own.times === undefined ? ["posts_per_day"] : ["times", closest.index];
    const least = gap === merged.minGapSeconds ? `the min_gap of ${written(gap)}` : "a minute";
    const message = `posts stand ${written(closest.seconds)} apart, which is less than ${least}`;
    findings.push(
      fault([...path, ...field], message, "move them apart, write fewer of them, or lower schedule.min_gap"),
    );
  } else if (merged.jitterSeconds >= closest.seconds) {
    const field = own.jitter === undefined ? [] : ["jitter"];
    const message = `the jitter of ${written(merged.jitterSeconds)} reaches the next post, ${written(closest.seconds)} later`;
    findings.push(fault([...path, ...field], message, `write a jitter below ${written(closest.seconds)}`));
  }
  return findings;
}

function daysOf(days: string | string[]): readonly number[] {
  if (typeof days === "string") return words[days] ?? [];
  return days.map((day) => weekdays.indexOf(day) + 1).sort((a, b) => a - b);
}

interface LocalTime {
  time: string;
  minute: number;
  /** Where it stands in the file's own list. */
  index: number;
}

/** The times of a day, ascending. */
function timesOf(schedule: ScheduleFields): readonly LocalTime[] {
  const [from = "00:00", to = "00:00"] = schedule.posting_hours?.split("-") ?? [];
  const times = schedule.times ?? spread(minuteOf(from), minuteOf(to), schedule.posts_per_day ?? 1);
  return times
    .map((time, index) => ({ time, minute: minuteOf(time), index }))
    .sort((one, other) => one.minute - other.minute);
}

/** Evenly over the hours, both ends included; one post stands at the start. */
function spread(from: number, to: number, count: number): readonly string[] {
  const step = count > 1 ? (to - from) / (count - 1) : 0;
  return Array.from({ length: count }, (_, index) => {
    const minute = Math.round(from + step * index);
    return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  });
}

/** The smallest distance between two posts, and the later of the two. The night counts where two days are neighbours. */
function closestTimes(schedule: ScheduleFields, days: readonly number[]): { seconds: number; index: number } {
  const times = timesOf(schedule);
  let closest = { seconds: daySeconds, index: times[0]?.index ?? 0 };
  const consider = (minute: number, { index }: LocalTime) => {
    if (minute * 60 < closest.seconds) closest = { seconds: minute * 60, index };
  };
  for (const [position, time] of times.entries()) {
    const before = times[position - 1];
    if (before) consider(time.minute - before.minute, time);
  }
  const [first, last] = [times[0], times.at(-1)];
  const neighbours = days.some((day) => days.includes((day % 7) + 1));
  if (first && last && neighbours) consider(first.minute + 24 * 60 - last.minute, last);
  return closest;
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

function datesOf(range: string): { from: string; to: string } {
  const [from = range, to = from] = range.split("/");
  return { from, to };
}

/** In the notation of the files. */
function written(seconds: number): string {
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
