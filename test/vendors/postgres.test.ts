import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connectionProblem, openPostgres } from "../../src/vendors/postgres.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";

describe("a session", () => {
  let postgres: NativePostgres;
  let url: string;
  let session: ReturnType<typeof openPostgres>;
  beforeAll(async () => {
    postgres = await startPostgres();
    url = await postgres.createDatabase();
    session = openPostgres(url);
    await session.transaction((query) => query("create table thing (id int)"));
  });
  afterAll(async () => {
    await session.close();
    await postgres.stop();
  });
  const count = () =>
    session.transaction(async (query) => (await query("select count(*)::int as count from thing"))[0]?.count);

  test("the work's value comes back, and what it wrote stays", async () => {
    const before = Number(await count());
    const answer = await session.transaction(async (query) => {
      await query("insert into thing values ($1)", [7]);
      return (await query("select id from thing where id = $1", [7])).length;
    });
    expect(answer).toBe(1);
    expect(await count()).toBe(before + 1);
  });

  test("work that throws leaves nothing, and the session goes on", async () => {
    const before = await count();
    const failing = session.transaction(async (query) => {
      await query("insert into thing values (1)");
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await count()).toBe(before);
  });

  test("a script of several statements runs whole, and answers with no rows", async () => {
    const rows = await session.transaction((query) => query("select 1 as one; select 2 as two;"));
    expect(rows).toEqual([]);
  });

  test("a connection that the server drops, at work or idle, is replaced", async () => {
    const dropped = session.transaction((query) => query("select pg_terminate_backend(pg_backend_pid())"));
    await expect(dropped).rejects.toThrow();
    expect(Number(await count())).toBeGreaterThanOrEqual(0);
    const other = openPostgres(url);
    await other.transaction((query) =>
      query(
        "select pg_terminate_backend(pid, 30000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      ),
    );
    await other.close();
    // The session may ask once more on the dropped connection before the news of its end arrives.
    await vi.waitFor(async () => expect(Number(await count())).toBeGreaterThanOrEqual(0), { timeout: 30_000 });
  });
});

test.for([
  {
    what: "a refused connection",
    error: Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
    says: "nothing answers",
  },
  { what: "a wrong password", error: Object.assign(new Error("x"), { code: "28P01" }), says: "refused the password" },
  { what: "pg's own deadline", error: new Error("timeout exceeded when trying to connect"), says: "does not answer" },
  { what: "a mistake in a file", error: Object.assign(new Error("syntax error"), { code: "42601" }), says: undefined },
  { what: "a bug", error: new TypeError("undefined is not a function"), says: undefined },
  { what: "no error at all", error: "text", says: undefined },
])("$what: $says", ({ error, says }) => {
  if (says === undefined) expect(connectionProblem(error)).toBeUndefined();
  else expect(connectionProblem(error)).toContain(says);
});
