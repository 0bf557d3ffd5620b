import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runMigrate } from "../../src/commands/migrate.ts";
import { UserError } from "../../src/errors.ts";
import { supabaseRoles } from "../../src/sandbox/pglite.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { migrations } from "../support/ledger.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";

const directory = join(import.meta.dirname, "../../schemas/sql");
const names = migrations.map(({ name }) => name);
const all = names.map((name) => `applied ${name}\n`).join("");
const nothing = "every file of schemas/sql is applied already\n";

async function migrate(url: string | undefined, from = directory): Promise<string> {
  let written = "";
  const write = (line: string) => {
    written += `${line}\n`;
  };
  await runMigrate({ url, directory: from, write, connectSeconds: 0.5 });
  return written;
}

async function refusal(url: string | undefined, from?: string): Promise<string> {
  const error = await migrate(url, from).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw new Error("no UserError", { cause: error });
  expect(error.exitCode).toBe(1);
  expect(error.cause).toBeUndefined();
  return error.message;
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const session = openPostgres(url);
  try {
    return await session.transaction((run) => run(sql));
  } finally {
    await session.close();
  }
}

/** Changes the user and password of an address. */
function as(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.href;
}

describe("on a database", () => {
  let postgres: NativePostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  async function supabaseDatabase(): Promise<string> {
    const url = await postgres.createDatabase();
    await query(url, supabaseRoles);
    return url;
  }

  test("every file is applied once", async () => {
    const url = await supabaseDatabase();
    expect(await migrate(url)).toBe(all);
    expect(await migrate(url)).toBe(nothing);
    expect(await query(url, "select name from clara.migration order by version")).toEqual(
      names.map((name) => ({ name })),
    );
  });

  test("a user without superuser rights can migrate, with pg_trgm switched on by somebody else before", async () => {
    const url = await supabaseDatabase();
    const name = new URL(url).pathname.slice(1);
    await query(
      url,
      `create role owner_${name} login createrole bypassrls password 'plain';
       alter database ${name} owner to owner_${name};
       grant all on schema public, extensions to owner_${name};
       create extension pg_trgm with schema extensions`,
    );
    expect(await migrate(as(url, `owner_${name}`, "plain"))).toBe(all);
  });

  test("four that run at once all succeed, and one of them applies the files", async () => {
    const url = await supabaseDatabase();
    const answers = await Promise.all([1, 2, 3, 4].map(() => migrate(url)));
    expect(answers.sort()).toEqual([all, nothing, nothing, nothing].sort());
  });

  describe("with other files", () => {
    const folders: string[] = [];
    async function copyOfFiles(): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), "clara-sql-"));
      folders.push(folder);
      await cp(directory, folder, { recursive: true });
      return folder;
    }
    afterEach(async () => {
      for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
    });

    test("a new file alone is applied", async () => {
      const url = await supabaseDatabase();
      await migrate(url);
      const folder = await copyOfFiles();
      await writeFile(
        join(folder, "9000_more.sql"),
        "create table clara.more (id int); alter table clara.more enable row level security;",
      );
      expect(await migrate(url, folder)).toBe("applied 9000_more.sql\n");
    });

    test("a file that changed after it was applied is refused, and nothing else is applied", async () => {
      const url = await supabaseDatabase();
      await migrate(url);
      const folder = await copyOfFiles();
      await writeFile(join(folder, names[0] ?? ""), "select 1;");
      await writeFile(join(folder, "9000_more.sql"), "create table clara.more (id int);");
      expect(await refusal(url, folder)).toContain(`schemas/sql/${names[0]} changed after it was applied`);
      expect(await query(url, "select to_regclass('clara.more') as more")).toEqual([{ more: null }]);
    });

    test("a file with a mistake leaves nothing behind, and the database's own words reach the caller", async () => {
      const url = await supabaseDatabase();
      const folder = await copyOfFiles();
      await writeFile(join(folder, "9000_more.sql"), "create table clara.more (id nonsense);");
      await expect(migrate(url, folder)).rejects.toThrow('type "nonsense" does not exist');
      expect(await query(url, "select to_regclass('clara.slot') as slot")).toEqual([{ slot: null }]);
    });
  });

  test("a wrong password is said without the password", async () => {
    const url = as(await postgres.createDatabase(), "postgres", "hunter2");
    const message = await refusal(url);
    expect(message).toContain("SUPABASE_DB_URL: the database refused the password");
    expect(message).not.toContain("hunter2");
  });

  test("a database that does not exist is named as such", async () => {
    const url = new URL(await postgres.createDatabase());
    url.pathname = "/nowhere";
    expect(await refusal(url.href)).toContain("there is no database of that name");
  });

  test("a user who may not create schemas is told so", async () => {
    const url = await supabaseDatabase();
    await query(url, "create role reader login password 'plain'");
    expect(await refusal(as(url, "reader", "plain"))).toContain("may not create the ledger's schema");
  });
});
