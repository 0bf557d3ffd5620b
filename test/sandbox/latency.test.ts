import { expect, onTestFinished, test } from "vitest";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import { startXSandbox } from "../../src/sandbox/x-server.ts";

const latencyMs = 150;
/** A timer may fire within the millisecond before. */
const leastMs = latencyMs - 2;

async function takenMs(ask: () => Promise<Response>): Promise<number> {
  const startedMs = performance.now();
  await (await ask()).text();
  return performance.now() - startedMs;
}

test("a completion takes as long as it was told", async () => {
  const model = await startModelSandbox({ latencyMs });
  onTestFinished(model.close);
  const headers = { authorization: "Bearer key", "content-type": "application/json" };
  const body = JSON.stringify({ model: "gpt-5-mini", messages: [{ role: "user", content: "a" }] });
  const complete = () => fetch(`${model.url}/chat/completions`, { method: "POST", headers, body });
  expect(await takenMs(complete)).toBeGreaterThanOrEqual(leastMs);
});

test("every answer of X takes as long as it was told", async () => {
  const x = await startXSandbox({ clock: () => new Date(), latencyMs });
  onTestFinished(x.close);
  expect(await takenMs(() => fetch(`${x.url}/2/users/me`))).toBeGreaterThanOrEqual(leastMs);
});
