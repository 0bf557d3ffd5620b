import type { Evidence } from "../evidence.ts";

/** Whether a promise of the design held. */
export interface Verdict {
  number: number;
  promise: string;
  /** "not shown" where nothing was found broken because there was no case. */
  verdict: "pass" | "fail" | "not shown";
  /** What was looked at, and how many cases of it there were: none prove nothing. */
  looked: string;
  cases: number;
  /** One line for each case that broke it, with the slot where there is one. */
  broken: readonly string[];
}

/** What a check found. */
export type Found = Pick<Verdict, "looked" | "cases" | "broken">;

export type Check = (evidence: Evidence) => Found;
