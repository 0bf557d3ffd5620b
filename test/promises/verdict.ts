import { type Mutation, promises } from "./mutation.ts";

/** What vitest's JSON report says of one test, as far as it is used here. */
export interface TestResult {
  fullName: string;
  status: string;
  failureMessages: readonly string[];
}

/** What came of one run of vitest. */
export type TestRun =
  | { kind: "report"; tests: readonly TestResult[]; fileMessages: readonly string[] }
  | { kind: "no-report"; why: string };

/** broken: the check itself could not be made, so nothing is known of the promise. */
export interface Verdict {
  verdict: "killed" | "SURVIVED" | "broken";
  why?: string;
}

export interface Row extends Verdict {
  mutation: Mutation;
  seconds: number;
}

/** Reads vitest's JSON report. A file that does not load has a message and no tests. */
export function readReport(json: string): TestRun {
  const report = JSON.parse(json) as { testResults: { message?: string; assertionResults: TestResult[] }[] };
  return {
    kind: "report",
    tests: report.testResults.flatMap(({ assertionResults }) => assertionResults),
    fileMessages: report.testResults.flatMap(({ message }) => (message ? [message] : [])),
  };
}

/** Why a mutation's test cannot judge it; undefined when the test passes on the code as it is. */
export function unfit(run: TestRun, name: string): string | undefined {
  if (run.kind === "no-report") return run.why;
  const named = testsNamed(run.tests, name);
  if (named.length === 0) return firstLine(run.fileMessages[0]) ?? `no test is named "${name}"`;
  const failed = named.find(({ status }) => status !== "passed");
  return failed && `${failed.status} without any mutation: ${failed.fullName}`;
}

/**
 * Only a test that ran and found something else than it expects kills a mutation. Code that no longer loads, a timeout
 * or an error before the first expectation would be noticed by any test, and prove nothing about this one.
 */
export function verdictOf(run: TestRun, { test: name, failure }: Pick<Mutation, "test" | "failure">): Verdict {
  if (run.kind === "no-report") return { verdict: "broken", why: run.why };
  const named = testsNamed(run.tests, name).filter(({ status }) => status === "passed" || status === "failed");
  if (named.length === 0) return { verdict: "broken", why: firstLine(run.fileMessages[0]) ?? "no test ran" };
  const messages = named.flatMap(({ failureMessages }) => failureMessages);
  if (messages.length === 0) return { verdict: "SURVIVED", why: `tests that passed: ${named.length}` };
  const isWanted = (message: string) => (failure === undefined ? isAssertion(message) : message.startsWith(failure));
  if (messages.some(isWanted)) return { verdict: "killed" };
  return { verdict: "broken", why: `failed, but not by an expectation: ${firstLine(messages[0])}` };
}

/** The rows as a table for people; its last line counts. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ mutation, verdict, why, seconds }) => [
    `${mutation.promise} ${promises[mutation.promise]}`,
    mutation.breaks,
    `${mutation.testFile}: ${mutation.test}`,
    why === undefined ? verdict : `${verdict}: ${why}`,
    seconds.toFixed(1),
  ]);
  const all = [["promise", "mutation", "test", "verdict", "seconds"], ...cells];
  const lines = all.map((row) => row.join(" | "));
  const killed = rows.filter(({ verdict }) => verdict === "killed").length;
  return [...lines, `${killed} of ${rows.length} mutations were noticed by their tests`].join("\n");
}

function testsNamed(tests: readonly TestResult[], name: string): readonly TestResult[] {
  return tests.filter(({ fullName }) => fullName.includes(name));
}

/** vitest's own expectations, `rejects` among them, and those inside a property of fast-check. */
function isAssertion(message: string): boolean {
  return /^(AssertionError|Error: promise resolved|Error: Property failed after)/.test(message);
}

function firstLine(message: string | undefined): string | undefined {
  return message?.split("\n")[0]?.slice(0, 200);
}
