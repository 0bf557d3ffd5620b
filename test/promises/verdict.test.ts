import { expect, test } from "vitest";
import type { Mutation } from "./mutation.ts";
import { readReport, type TestResult, type TestRun, tableOf, unfit, verdictOf } from "./verdict.ts";

const passed: TestResult = { fullName: "arm sends once", status: "passed", failureMessages: [] };
const failedBy = (message: string): TestResult => ({ ...passed, status: "failed", failureMessages: [message] });
const reported = (tests: TestResult[], fileMessages: string[] = []): TestRun => ({
  kind: "report",
  tests,
  fileMessages,
});
const other: TestResult = { ...failedBy("AssertionError: no"), fullName: "arm sends never" };

test.for<{ when: string; run: TestRun; failure?: string; verdict: string; why?: string }>([
  { when: "an expectation fails", run: reported([passed, failedBy("AssertionError: 1 is 2")]), verdict: "killed" },
  {
    when: "a property fails",
    run: reported([failedBy("Error: Property failed after 3 tests\n{ seed: 1 }")]),
    verdict: "killed",
  },
  { when: "rejects finds no error", run: reported([failedBy("Error: promise resolved instead")]), verdict: "killed" },
  {
    when: "the failure is the one foretold",
    run: reported([failedBy("TypeError: a bug")]),
    failure: "TypeError: a bug",
    verdict: "killed",
  },
  {
    when: "another failure than foretold comes",
    run: reported([failedBy("AssertionError: no")]),
    failure: "TypeError: a bug",
    verdict: "broken",
    why: "not by an expectation",
  },
  { when: "every test passes", run: reported([passed, other]), verdict: "SURVIVED", why: "tests that passed: 1" },
  {
    when: "an error comes first",
    run: reported([failedBy("ReferenceError: x")]),
    verdict: "broken",
    why: "ReferenceError: x",
  },
  {
    when: "the test runs out of time",
    run: reported([failedBy("Error: Test timed out in 60000ms.")]),
    verdict: "broken",
    why: "timed out",
  },
  {
    when: "the file does not load",
    run: reported([], ["SyntaxError: Unexpected token\n at x"]),
    verdict: "broken",
    why: "SyntaxError: Unexpected token",
  },
  {
    when: "the test is skipped",
    run: reported([{ ...passed, status: "skipped" }]),
    verdict: "broken",
    why: "no test ran",
  },
  { when: "only another test fails", run: reported([other]), verdict: "broken", why: "no test ran" },
  {
    when: "vitest is gone",
    run: { kind: "no-report", why: "left no report" },
    verdict: "broken",
    why: "left no report",
  },
])("a mutation is $verdict when $when", ({ run, failure, verdict, why }) => {
  const judged = verdictOf(run, { test: "sends once", ...(failure !== undefined && { failure }) });
  expect(judged.verdict).toBe(verdict);
  if (why === undefined) expect(judged).not.toHaveProperty("why");
  else expect(judged.why).toContain(why);
});

test.for<{ when: string; run: TestRun; why: string | undefined }>([
  { when: "it passes", run: reported([passed, other]), why: undefined },
  { when: "it fails as it is", run: reported([failedBy("AssertionError: no")]), why: "failed without any mutation" },
  { when: "it is skipped", run: reported([{ ...passed, status: "skipped" }]), why: "skipped without any mutation" },
  { when: "it was renamed", run: reported([other]), why: 'no test is named "sends once"' },
  { when: "its file does not load", run: reported([], ["Error: no such file"]), why: "no such file" },
  { when: "vitest is gone", run: { kind: "no-report", why: "left no report" }, why: "left no report" },
])("a test may judge only when it passes on the code as it is: $when", ({ run, why }) => {
  if (why === undefined) expect(unfit(run, "sends once")).toBeUndefined();
  else expect(unfit(run, "sends once")).toContain(why);
});

test("vitest's report is read with the tests of every file and the messages of those that did not load", () => {
  const json = JSON.stringify({
    testResults: [
      { message: "", assertionResults: [passed] },
      { message: "SyntaxError", assertionResults: [] },
    ],
  });
  expect(readReport(json)).toEqual(reported([passed], ["SyntaxError"]));
});

test("the table has a line for each mutation and counts those that were noticed", () => {
  const mutation: Mutation = {
    promise: 1,
    breaks: "it sends twice",
    file: "f",
    line: "a",
    becomes: "b",
    testFile: "t.ts",
    test: "sends once",
  };
  const table = tableOf([
    { mutation, verdict: "killed", seconds: 1.25 },
    { mutation, verdict: "SURVIVED", why: "tests that passed: 1", seconds: 2 },
  ]);
  expect(table.split("\n").slice(1)).toEqual([
    "1 never twice | it sends twice | t.ts: sends once | killed | 1.3",
    "1 never twice | it sends twice | t.ts: sends once | SURVIVED: tests that passed: 1 | 2.0",
    "1 of 2 mutations were noticed by their tests",
  ]);
});
