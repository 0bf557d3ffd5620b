import { setTimeout as sleep } from "node:timers/promises";
import { type FailureKind, PostingError, UserError } from "../errors.ts";

/** failed: something does not work, or will not. warning: it works, and a person may want to know. skipped: it could not be looked at. */
export type Status = "ok" | "warning" | "failed" | "skipped";

/** What one check found. `says` may quote what a service answered: escape it where it is written. */
export interface Finding {
  /** A client's id, or `everything`. */
  scope: string;
  check: string;
  status: Status;
  says: string;
  /** What a person does about it. */
  fix?: string;
}

export type Verdict = Omit<Finding, "scope" | "check">;

/** Where a finding belongs; an id cannot hold a space, so no client is taken for it. */
export const everything = "all clients";

export const ok = (says: string): Verdict => ({ status: "ok", says });
export const warning = (says: string, fix: string): Verdict => ({ status: "warning", says, fix });
export const failed = (says: string, fix: string): Verdict => ({ status: "failed", says, fix });
export const skipped = (says: string): Verdict => ({ status: "skipped", says });

/** How long one check may take in all: a service that hangs costs a line and not the run. */
export const deadlineSeconds = 10;

export interface Attempt<Value> {
  /** What is asked, as the sentence's subject: `Upstash`. */
  asked: string;
  /** What to do about each kind of failure; `else` is for the other kinds. */
  fixes: Partial<Record<FailureKind, string>> & { else: string };
  deadlineSeconds: number;
  work: () => Promise<Value>;
}

/** The value, or the failure in words. A check that breaks ends itself and no other one. */
export async function attempt<Value>(input: Attempt<Value>): Promise<{ value: Value } | { failure: Verdict }> {
  const { asked, fixes, deadlineSeconds: seconds, work } = input;
  const ended = new AbortController();
  const tooLate = sleep(seconds * 1000, undefined, { signal: ended.signal }).then(
    () => ({ failure: failed(`${asked} gave no answer within ${seconds} s`, fixes.unavailable ?? fixes.else) }),
    () => ({ failure: failed(`${asked} was not asked to the end`, fixes.else) }),
  );
  try {
    return await Promise.race([work().then((value) => ({ value })), tooLate]);
  } catch (error) {
    if (error instanceof PostingError) {
      // A question has no effect, so an answer that was lost is one that did not come.
      const kind = error.kind === "outcome-unknown" ? "unavailable" : error.kind;
      return { failure: failed(error.message, fixes[kind] ?? fixes.else) };
    }
    if (error instanceof UserError) return { failure: failed(error.message, fixes.config ?? fixes.else) };
    // Nobody knows what such an error quotes.
    const name = error instanceof Error ? error.name : "an error";
    return { failure: failed(`${asked} could not be checked: unexpected ${name}`, fixes.else) };
  } finally {
    ended.abort();
  }
}

/** The work on each item, a few at a time and in order. */
export async function eachOf<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const results: Value[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

/** X allows 75 reads of users/me in 15 minutes and account, so only our own sockets are spared here. */
const atOnce = 16;
