import { duration } from "../record/format.ts";
import {
  type Attempt,
  attempt,
  everything,
  type Finding,
  failed,
  ok,
  skipped,
  type Verdict,
  warning,
} from "./check.ts";

/** What GitHub says of the workflow that ticks. */
export interface TickWorkflow {
  /** `active`, or how it was disabled. */
  state: string;
  latest?: { startedAt: Date; conclusion?: string; url: string };
}

/** Four lines an hour are scheduled, and GitHub drops some: hours without any are no accident. */
const oldHours = { warning: 3, failed: 24 };

/** Whether the scheduled run is enabled and happens. `read` is missing where there is no token. */
export async function checkWorkflow(input: {
  read: (() => Promise<TickWorkflow>) | undefined;
  machineNow: Date;
  deadlineSeconds: number;
}): Promise<readonly Finding[]> {
  const { read, machineNow, deadlineSeconds } = input;
  const finding = (verdict: Verdict): Finding => ({ scope: everything, check: "workflow", ...verdict });
  if (read === undefined) {
    return [finding(skipped("GITHUB_TOKEN and GITHUB_REPOSITORY are not set: GitHub is not asked about run.yml"))];
  }
  const asked = await attempt({ asked: "GitHub", fixes, deadlineSeconds, work: read });
  return [finding("failure" in asked ? asked.failure : verdictOf(asked.value, machineNow))];
}

const fixes: Attempt<unknown>["fixes"] = {
  config:
    "use a token that may read this repository's actions, and see that .github/workflows/run.yml is on its default branch",
  else: "look at githubstatus.com, and try again",
};

const start = "start it once: Actions, run, Run workflow";

function verdictOf({ state, latest }: TickWorkflow, now: Date): Verdict {
  if (state !== "active") {
    return failed(`the workflow run.yml is not enabled: ${state}`, "enable it: Actions, run, Enable workflow");
  }
  if (latest === undefined) return warning("the workflow run.yml has never run", start);
  const seconds = (now.getTime() - latest.startedAt.getTime()) / 1000;
  const says = `the last run started ${duration(seconds)} ago`;
  if (seconds > oldHours.failed * 3600)
    return failed(says, `${start}; see that Actions are allowed and within their minutes`);
  if (seconds > oldHours.warning * 3600)
    return warning(says, `${start}, or let an outside clock start it (see the README)`);
  if (latest.conclusion === "failure" || latest.conclusion === "timed_out" || latest.conclusion === "startup_failure") {
    return warning(`${says} and ended as ${latest.conclusion}`, `read its summary: ${latest.url}`);
  }
  return ok(says);
}
