import type { Evidence } from "../evidence.ts";
import { checkAccount } from "./account.ts";
import { checkFailClosed } from "./closed.ts";
import { checkNotLost } from "./lost.ts";
import { checkOnce } from "./once.ts";
import { checkPrice } from "./price.ts";
import { checkReceipts } from "./receipt.ts";
import { checkOneText } from "./text.ts";
import { checkTime } from "./time.ts";
import type { Check, Found, Verdict } from "./verdict.ts";
import { checkIsolation, checkUntrusted } from "./writing.ts";

/** The promises in their order. */
const checks: readonly (readonly [promise: string, check: Check])[] = [
  ["Never twice", checkOnce],
  ["Never silently lost", checkNotLost],
  ["Right account", checkAccount],
  ["Right time", checkTime],
  ["Right price", checkPrice],
  ["Fail closed", checkFailClosed],
  ["One text per slot", checkOneText],
  ["Isolation", checkIsolation],
  ["Untrusted text stays text", checkUntrusted],
  ["A receipt for every post", checkReceipts],
];

export function judgePromises(evidence: Evidence): readonly Verdict[] {
  return checks.map(([promise, check], index) => {
    const found = check(evidence);
    return { number: index + 1, promise, verdict: verdictOf(found), ...found };
  });
}

function verdictOf({ broken, cases }: Found): Verdict["verdict"] {
  if (broken.length > 0) return "fail";
  return cases > 0 ? "pass" : "not shown";
}
