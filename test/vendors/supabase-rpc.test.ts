import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { openLedger, openPostgresLimiter, openRpc } from "../../src/vendors/supabase.ts";
import { stepsOf } from "../contracts/ledger-steps.ts";
import { at, embeddedSession, emptyLedger, runInfo, secretKey } from "../support/ledger.ts";
import { type RpcServer, serveRpc } from "../support/postgres.ts";

const session = embeddedSession();
let server: RpcServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(): Promise<RpcServer> {
  server = await serveRpc(session(), secretKey);
  return server;
}

/** The error of one call, checked to be a PostingError that shows the key nowhere, causes included. */
async function failure(call: Promise<unknown>): Promise<PostingError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PostingError)) throw new Error("no PostingError", { cause: error });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secretKey);
  return error;
}

const readTick = (options: Parameters<typeof openRpc>[0]) => openRpc(options)("read_tick", { p_at: at(0) });

/** One call through supabase-js, and one that is made without it. */
const ways = [
  { name: "read_tick", parameters: { p_at: at(0) } },
  { name: "open_tick", parameters: { p_run: runInfo(), p_at: at(0), p_lease_seconds: 600 } },
];

describe.for(ways)("$name over HTTP", ({ name, parameters }) => {
  const readTick = (options: Parameters<typeof openRpc>[0]) => openRpc(options)(name, parameters);

  test("an answer is the function's value", async () => {
    const { url } = await start();
    expect(await readTick({ url, secretKey })).toMatchObject({ clients: [], open: [] });
  });

  test.for([
    { fault: "unavailable", says: `the ledger answered 503 (${name})` },
    { fault: "reset", says: `the ledger did not answer (${name})` },
    { fault: "hang", says: `the ledger did not answer (${name})` },
  ] as const)("$fault: unavailable, asked once", async ({ fault, says }) => {
    const { url, calls, fault: set } = await start();
    set("*", fault);
    const error = await failure(readTick({ url, secretKey, ...(fault === "hang" && { deadlineSeconds: 2 }) }));
    expect(error).toMatchObject({ kind: "unavailable", message: says });
    expect(calls()).toEqual([name]);
  });

  test("a server that is gone: unavailable", async () => {
    const { url, close } = await start();
    await close();
    server = undefined;
    const error = await failure(readTick({ url, secretKey }));
    expect(error).toMatchObject({ kind: "unavailable", message: `the ledger did not answer (${name})` });
  });

  test("an address with a path and a slash at its end is one to add to", async () => {
    const { url } = await start();
    expect(await readTick({ url: `${url}/`, secretKey })).toMatchObject({ clients: [], open: [] });
  });
});

describe("over HTTP", () => {
  test("an answer that is lost after the function ran: unavailable, and the same write may be asked again", async () => {
    const { url, fault } = await start();
    const steps = stepsOf(await emptyLedger(session(), { url }));
    await steps.send("text");
    fault("record_outcome", "lost");
    expect((await failure(steps.record("posted", { postId: "1" }))).kind).toBe("unavailable");
    fault("record_outcome");
    expect(await steps.record("posted", { postId: "1" })).toBe(true);
    expect(await steps.rows("post")).toHaveLength(1);
  });

  test("a wrong key: config, naming the setting", async () => {
    const { url } = await start();
    const error = await failure(readTick({ url, secretKey: "sb_secret_wrong" }));
    expect(error).toMatchObject({ kind: "config", message: "the ledger refused the key: check SUPABASE_SECRET_KEY" });
    expect(inspect(error, { depth: 9 })).not.toContain("sb_secret_wrong");
  });

  test("close_tick is asked without supabase-js and answers nothing", async () => {
    const { url } = await start();
    const { ledger } = await emptyLedger(session(), { url });
    await ledger.openTick({ run: runInfo("run-9"), now: at(0), leaseSeconds: 600 });
    await ledger.closeTick({ run: "run-9", now: at(1), report: { "€": "\0" } });
    const rows = await session().transaction((query) => query("select report from clara.run where id = 'run-9'"));
    expect(rows).toEqual([{ report: { "€": "\ufffd" } }]);
  });

  test("a function that is not there: config, naming the command that mends it", async () => {
    const { url } = await start();
    const error = await failure(openRpc({ url, secretKey })("new_function", {}));
    expect(error.kind).toBe("config");
    expect(error.message).toBe("the ledger has no function new_function: run `npm start -- migrate`");
  });
});

describe("answers that are none", () => {
  const answering = (status: number, body: string | null) =>
    openRpc({ url: "http://ledger.invalid", secretKey, fetch: async () => new Response(body, { status }) });

  const cases = [
    { what: "an empty 404, as a wrong address gives", status: 404, body: "" },
    { what: "an empty 200", status: 200, body: "" },
    { what: "null", status: 200, body: "null" },
  ];

  describe.for(cases)("$what", ({ status, body }) => {
    const ledger = openLedger(answering(status, body));
    const tick = { run: "r", now: at(0), leaseSeconds: 1 };
    const slot = { ...tick, slot: "acme/1", fence: 1 };
    const usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0 };
    const limits = { postsPerDay: 1, completionsPerDay: 1, usdPerMonth: 1 };

    test.for<[string, () => Promise<unknown>]>([
      ["openTick", () => ledger.openTick({ ...tick, run: runInfo() })],
      ["readTick", () => ledger.readTick(tick)],
      ["claimSlots", () => ledger.claimSlots({ ...tick, due: [], deferred: [], closed: [], planned: [] })],
      ["reserveSlots", () => ledger.reserveSlots({ ...tick, slots: [], global: { ...limits, day: "", month: "" } })],
      [
        "storeDraft",
        () =>
          ledger.storeDraft({
            ...{ ...slot, candidates: [], rehearsal: false, receipt: {} },
            spent: { completions: 0, usd: 0, usage },
          }),
      ],
      ["armSlot", () => ledger.armSlot({ ...slot, account: { fingerprint: "f", xUserId: "1" } })],
      ["recordOutcome", () => ledger.recordOutcome({ ...slot, outcome: "dead", xUsd: 0 })],
      ["take", () => openPostgresLimiter(answering(status, body)).take([], at(0))],
    ])("%s is unavailable, never a success", async ([, call]) => {
      expect((await failure(call())).kind).toBe("unavailable");
    });
  });

  test.for([
    { what: "HTML with status 200", status: 200, body: "<html>maintenance</html>", kind: "unavailable" },
    {
      what: "403 of a key without rights",
      status: 403,
      body: '{"code":"42501","message":"permission denied"}',
      kind: "config",
    },
    { what: "a value that Postgres can't hold", status: 400, body: '{"code":"22P05","message":"x"}', kind: "rejected" },
    { what: "a row that is there already", status: 409, body: '{"code":"23505","message":"x"}', kind: "rejected" },
    { what: "a deadlock", status: 500, body: '{"code":"40P01","message":"x"}', kind: "unavailable" },
    { what: "429 of a gateway", status: 429, body: "slow down", kind: "unavailable" },
    {
      what: "an error that repeats the key",
      status: 500,
      body: JSON.stringify({ message: `${secretKey} ${"x".repeat(9999)}` }),
      kind: "unavailable",
    },
  ])("$what: $kind", async ({ status, body, kind }) => {
    const error = await failure(answering(status, body)("read_tick", {}));
    expect(error.kind).toBe(kind);
    expect(String(error.cause).length).toBeLessThan(400);
  });

  test("a body that never ends: unavailable at the deadline", async () => {
    const fetch: typeof globalThis.fetch = async (_input, init) => {
      init?.signal?.throwIfAborted();
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"clients":'));
          init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
        },
      });
      return new Response(body);
    };
    const error = await failure(readTick({ url: "http://ledger.invalid", secretKey, fetch, deadlineSeconds: 0.1 }));
    expect(error).toMatchObject({ kind: "unavailable", message: "the ledger did not answer (read_tick)" });
  });
});

test("a ledger call costs one request", async () => {
  const { url, calls } = await start();
  const steps = stepsOf(await emptyLedger(session(), { url }));
  await steps.openTick({ run: "run-1" });
  await steps.claim();
  await steps.reserve();
  await steps.store(["text"]);
  await steps.arm();
  await steps.record("posted", { postId: "1" });
  await steps.ledger.closeTick({ run: "run-1", now: at(9), report: {} });
  const names = [
    "open_tick",
    "claim_slots",
    "reserve_slots",
    "store_draft",
    "arm_slot",
    "record_outcome",
    "close_tick",
  ];
  expect(calls()).toEqual(names);
});
