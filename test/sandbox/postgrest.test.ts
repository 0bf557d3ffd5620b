import { beforeAll, describe, expect, test } from "vitest";
import { rpcFetch } from "../../src/sandbox/postgrest.ts";
import type { SqlSession } from "../../src/vendors/migrations.ts";
import { embeddedSession, nativeLedgers, secretKey } from "../support/ledger.ts";

const functions = `
  create function public.echo(given jsonb) returns jsonb language sql as 'select given';
  create function public.whoami() returns text language sql as 'select current_user::text';
  create function public.nothing() returns void language sql as '';
  create function public.many() returns setof int language sql as 'select 1';
  create function public.fail(state text) returns int language plpgsql as $$ begin raise exception 'as asked' using errcode = state; end $$;
  create function public.closed() returns int language sql as 'select 1';
  revoke execute on function public.closed from public;
  create table public.kept (id int);
  grant all on table public.kept to service_role;
  create function public.keep_and_fail() returns void language plpgsql as $$
    begin insert into public.kept values (1); raise exception 'after a write'; end $$;`;

function postgrestTests(open: () => SqlSession): void {
  let answer: typeof fetch;
  beforeAll(async () => {
    await open().transaction((query) => query(functions));
    answer = rpcFetch(open(), { secretKey });
  });

  async function call(name: string, body: unknown, over: { key?: string; method?: string; path?: string } = {}) {
    const { key = secretKey, method = "POST", path = `/rest/v1/rpc/${name}` } = over;
    const response = await answer(`http://ledger.invalid${path}`, {
      method,
      headers: { apikey: key },
      ...(method === "GET" ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, value: text === "" ? undefined : JSON.parse(text) };
  }

  test.for([{ a: [1, "two", { three: null }] }, "text", 0.1, true, null])("%j goes in and comes out", async (given) => {
    expect(await call("echo", { given })).toEqual({ status: 200, value: given });
  });

  test("a function runs as service_role", async () => {
    expect(await call("whoami", "")).toEqual({ status: 200, value: "service_role" });
  });

  test("a function without a value answers 204", async () => {
    expect(await call("nothing", {})).toEqual({ status: 204, value: undefined });
  });

  test.for([
    { what: "a name that is not there", name: "none", body: {} },
    { what: "an argument that is not there", name: "echo", body: { given: 1, more: 2 } },
    { what: "a missing argument", name: "echo", body: {} },
    { what: "a set, which only real PostgREST serves", name: "many", body: {} },
    { what: "an inner function", name: "drop_hold", body: { p_slot: "x" } },
  ])("$what is PGRST202", async ({ name, body }) => {
    expect(await call(name, body)).toMatchObject({ status: 404, value: { code: "PGRST202" } });
  });

  test("a function that comes later is found", async () => {
    expect((await call("later", {})).status).toBe(404);
    await open().transaction((query) => query("create function public.later() returns int language sql as 'select 5'"));
    expect(await call("later", {})).toEqual({ status: 200, value: 5 });
  });

  test.for([
    { state: "42501", status: 403 },
    { state: "42883", status: 404 },
    { state: "23505", status: 409 },
    { state: "23503", status: 409 },
    { state: "22023", status: 400 },
    { state: "P0001", status: 400 },
    { state: "53300", status: 503 },
    { state: "40001", status: 500 },
  ])("SQLSTATE $state answers $status", async ({ state, status }) => {
    expect(await call("fail", { state })).toMatchObject({ status, value: { code: state, message: "as asked" } });
  });

  test("a function closed to service_role is refused", async () => {
    expect(await call("closed", {})).toMatchObject({ status: 403, value: { code: "42501" } });
  });

  test("a call that fails leaves nothing it wrote", async () => {
    expect((await call("keep_and_fail", {})).status).toBe(400);
    expect(await open().transaction((query) => query("select * from public.kept"))).toEqual([]);
  });

  test.for(["", "wrong", `${secretKey} `.repeat(2)])("the key %j is refused before anything runs", async (key) => {
    expect(await call("whoami", {}, { key })).toMatchObject({ status: 401, value: { code: "PGRST301" } });
  });

  test.for([
    { what: "GET", method: "GET", path: "/rest/v1/rpc/whoami" },
    { what: "a table", method: "POST", path: "/rest/v1/slot" },
    { what: "a filter", method: "POST", path: "/rest/v1/rpc/whoami?select=x" },
    { what: "a name with a quote in it", method: "POST", path: "/rest/v1/rpc/a%22b" },
  ])("$what is not served", async ({ method, path }) => {
    expect(await call("", {}, { method, path })).toMatchObject({ status: 501 });
  });

  test("calls at the same time don't see each other", async () => {
    const calls = Array.from({ length: 30 }, (_, n) =>
      n % 3 ? call("echo", { given: n }) : call("fail", { state: "P0001" }),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ status, value }) => (status === 200 ? value : "failed"))).toEqual(
      answers.map((_, n) => (n % 3 ? n : "failed")),
    );
  });
}

describe("from PGlite", () => postgrestTests(embeddedSession()));
describe("from a native Postgres", () => postgrestTests(nativeLedgers().session));

test.for(["ECONNREFUSED", "EPIPE"])("a session that fails with %s is no answer at all", async (code) => {
  const broken = () => Promise.reject(Object.assign(new Error("gone"), { code }));
  const answer = rpcFetch({ transaction: broken }, { secretKey });
  const call = answer("http://ledger.invalid/rest/v1/rpc/x", {
    method: "POST",
    headers: { apikey: secretKey },
    body: "{}",
  });
  await expect(call).rejects.toThrow("gone");
});
