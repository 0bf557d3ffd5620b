import { expect, test } from "vitest";
import { attempt, eachOf } from "../../src/doctor/check.ts";
import { PostingError, UserError } from "../../src/errors.ts";

const fixes = { config: "mend the setting", unavailable: "wait", else: "look at the page" };
const asking = (work: () => Promise<unknown>, deadlineSeconds = 5) =>
  attempt({ asked: "the service", fixes, deadlineSeconds, work });
const failing = (error: unknown) => asking(() => Promise.reject(error));
const secret = "a-secret-in-an-error";

test.for([
  { error: new PostingError("config", "the key is refused"), says: "the key is refused", fix: "mend the setting" },
  { error: new PostingError("rejected", "no"), says: "no", fix: "look at the page" },
  { error: new UserError("X_API_URL is not an address"), says: "X_API_URL is not an address", fix: "mend the setting" },
  {
    error: new TypeError(secret),
    says: "the service could not be checked: unexpected TypeError",
    fix: "look at the page",
  },
  { error: secret, says: "the service could not be checked: unexpected an error", fix: "look at the page" },
])("a failure says what is known of it, and the fix for its kind: $says", async ({ error, says, fix }) => {
  expect(await failing(error)).toEqual({ failure: { status: "failed", says, fix } });
});

test("what never answers is a line after its time, and not a hang", async () => {
  const started = performance.now();
  const failure = { status: "failed", says: "the service gave no answer within 0.05 s", fix: "wait" };
  expect(await asking(() => new Promise(() => {}), 0.05)).toEqual({ failure });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("an answer is handed on, and no timer outlives it", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  expect(await asking(async () => 7, 3600)).toEqual({ value: 7 });
  expect(timers()).toBe(before);
});

test("work on many items is done sixteen at a time, and the answers keep the order of the items", async () => {
  let running = 0;
  let most = 0;
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const answers = await eachOf(numbers, async (number) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, number % 3));
    running -= 1;
    return number * 2;
  });
  expect(answers).toEqual(numbers.map((number) => number * 2));
  expect(most).toBe(16);
});
