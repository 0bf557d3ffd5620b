import { afterAll, beforeAll, expect, test } from "vitest";
import type { CompletionRequest, Model, XAccount } from "../../src/ports.ts";
import { openModel } from "../../src/vendors/openai.ts";
import type { Rpc } from "../../src/vendors/supabase.ts";
import { readLedgerInfo } from "../../src/vendors/supabase-doctor.ts";
import { openLevers } from "../../src/vendors/supabase-levers.ts";
import { openXAccount } from "../../src/vendors/x.ts";
import { openPassage } from "../support/crash-gate.ts";
import { allLives } from "../support/crash-lives.ts";
import { openStage, recordSteps } from "../support/crash-matrix.ts";
import { nameOfModelCall, nameOfXCall } from "../support/crash-scene.ts";

const stage = openStage(1);
/** What a tick asks, its numbers left out. */
let asked: ReadonlySet<string>;
beforeAll(async () => {
  const steps: string[] = [];
  for (const life of allLives) steps.push(...(await recordSteps(stage(), life)));
  asked = new Set(steps.map((step) => step.replace(/ \d+$/, "")));
});

const withoutTick = [
  // For `plan` and `--dry-run`, which change nothing and send nothing.
  "read_tick",
  // A lever of older code, kept for it; today's asks for release_scope.
  "resume_scope",
];

/** Functions that the ledger grants to whoever has its key. */
async function granted(): Promise<readonly string[]> {
  const [lane] = stage().lanes;
  const rows = await lane?.sql(`
    select p.proname as name from pg_proc p
    where p.pronamespace = 'public'::regnamespace and has_function_privilege('service_role', p.oid, 'execute')`);
  return (rows ?? []).map(({ name }) => String(name));
}

/** Functions that people's commands ask for. */
async function byPeople(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const rpc: Rpc = async (name) => {
    names.add(name);
    throw new Error("only the name counts");
  };
  const nothing = {} as never;
  const calls = [...Object.values(openLevers(rpc)), () => readLedgerInfo(rpc)];
  await Promise.allSettled(calls.map((call) => call(nothing)));
  return names;
}

test("in some life the process is ended at every function of the ledger that a tick can call", async () => {
  const people = await byPeople();
  const ofTicks = (await granted()).filter((name) => !people.has(name) && !withoutTick.includes(name));
  const called = [...asked].filter((name) => /^[a-z_]+$/.test(name));
  expect(called.sort()).toEqual(ofTicks.sort());
});

const passage = openPassage();
let url: string;
let xUrl: string;
beforeAll(async () => {
  // Nobody is there: a request counts when it is made.
  url = await passage.gate("http://127.0.0.1:9", nameOfModelCall);
  xUrl = await passage.gate("http://127.0.0.1:9", nameOfXCall);
});
afterAll(() => passage.close());

/** Requests of each way that a port has to ask; a new way without an input does not compile. */
async function requestsOf<Port extends object>(port: Port, inputs: Record<keyof Port, unknown>): Promise<Set<string>> {
  passage.free();
  for (const [name, ask] of Object.entries(port)) await Promise.allSettled([ask(inputs[name as keyof Port])]);
  return new Set(passage.steps().map((step) => step.replace(/ \d+$/, "")));
}

test("in some life the process is ended at every kind of request to X", async () => {
  const keys = { appKey: "key", appSecret: "secret", accessToken: "token", accessSecret: "secret" };
  const account: XAccount = openXAccount({ credentials: keys, apiUrl: xUrl, clock: () => new Date() });
  const inputs = {
    whoAmI: undefined,
    send: { text: "a text", madeWithAi: false },
    postsSince: { xUserId: "1000001", since: new Date(0) },
  };
  const requests = await requestsOf(account, inputs);
  expect(requests.size).toBe(Object.keys(inputs).length);
  expect([...asked].filter((name) => /^[A-Z]+ /.test(name)).sort()).toEqual([...requests].sort());
});

test("in some life the process is ended at every kind of request to a model", async () => {
  const model: Model = openModel({ apiKey: "key", baseUrl: `${url}/v1`, now: () => new Date() });
  const request: CompletionRequest = {
    model: "openai/gpt-5-mini",
    messages: [{ role: "user", content: "Write." }],
    candidates: 1,
    maxTokens: 10,
    parameters: {},
  };
  const inputs = { complete: request, moderate: ["a text"] };
  const requests = await requestsOf(model, inputs);
  expect(requests.size).toBe(Object.keys(inputs).length);
  expect([...asked].filter((name) => name.startsWith("model ")).sort()).toEqual([...requests].sort());
});
