import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { applyMigrations, type Migration, readMigrations, type SqlSession } from "../../src/vendors/migrations.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { migrations } from "../support/ledger.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";

function migration(version: string, sql: string): Migration {
  return { version, name: `${version}_x.sql`, sql, sha256: createHash("sha256").update(sql).digest("hex") };
}

describe("reading", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "clara-sql-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("files come in the order of their numbers, with the digest of their bytes; other files are none", async () => {
    const files = {
      "0010_b.sql": "select 10",
      "0002_a.sql": "select 2",
      "README.md": "x",
      "2_short.sql": "x",
      "0003_c.sql~": "x",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    expect(await readMigrations(folder)).toEqual([
      { ...migration("0002", "select 2"), name: "0002_a.sql" },
      { ...migration("0010", "select 10"), name: "0010_b.sql" },
    ]);
  });

  test("the ledger's own files are numbered without a gap", async () => {
    expect(migrations.map(({ version }) => Number(version))).toEqual(migrations.map((_, index) => index + 1));
    const directory = join(import.meta.dirname, "../../schemas/sql");
    for (const { name, sql } of migrations) expect(await readFile(join(directory, name), "utf8")).toBe(sql);
  });

  test("a folder that is not there fails", async () => {
    await expect(readMigrations(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("applying", () => {
  let postgres: NativePostgres;
  let url: string;
  const sessions: (SqlSession & { close(): Promise<void> })[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  beforeEach(async () => {
    url = await postgres.createDatabase();
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close();
  });
  afterAll(() => postgres.stop());

  function connect(): SqlSession {
    const session = openPostgres(url);
    sessions.push(session);
    return session;
  }
  const first = migration("0001", "create table clara.one (id int); insert into clara.one values (1), (2);");
  const second = migration("0002", "create table clara.two (id int);");
  const rowsOf = (session: SqlSession, sql: string) => session.transaction((query) => query(sql));

  test("each file runs once, however often it is asked for", async () => {
    const session = connect();
    expect(await applyMigrations(session, [first])).toEqual(["0001_x.sql"]);
    expect(await applyMigrations(session, [first, second])).toEqual(["0002_x.sql"]);
    expect(await applyMigrations(session, [first, second])).toEqual([]);
    expect(await rowsOf(session, "select count(*)::int as count from clara.one")).toEqual([{ count: 2 }]);
    expect(await rowsOf(session, "select version, name, sha256 from clara.migration order by 1")).toEqual(
      [first, second].map(({ version, name, sha256 }) => ({ version, name, sha256 })),
    );
  });

  test("a file that fails leaves none of them applied", async () => {
    const session = connect();
    const wrong = migration("0002", "create table clara.two (id int); select 1 / 0;");
    await expect(applyMigrations(session, [first, wrong])).rejects.toMatchObject({ code: "22012" });
    expect(await rowsOf(session, "select to_regclass('clara.one') as one")).toEqual([{ one: null }]);
    expect(await applyMigrations(session, [first, second])).toHaveLength(2);
  });

  test("a file that changed is refused by its name, and what follows it is not applied", async () => {
    const session = connect();
    await applyMigrations(session, [first]);
    const refused = applyMigrations(session, [migration("0001", "select 1"), second]);
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow("schemas/sql/0001_x.sql changed after it was applied");
    expect(await rowsOf(session, "select to_regclass('clara.two') as two")).toEqual([{ two: null }]);
  });

  test("processes that migrate together queue: one applies, the others find nothing to do", async () => {
    const slow = migration("0001", "create table clara.one (id int); select pg_sleep(0.2);");
    const answers = await Promise.all([1, 2, 3].map(() => applyMigrations(connect(), [slow])));
    expect(answers.map((names) => names.length).sort()).toEqual([0, 0, 1]);
  });

  test("nobody but the owner can read the history", async () => {
    const session = connect();
    await applyMigrations(session, [first]);
    const [row] = await rowsOf(
      session,
      "select relrowsecurity as on from pg_class where oid = 'clara.migration'::regclass",
    );
    expect(row?.on).toBe(true);
  });
});
