import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { openEmbeddedLedger, supabaseRoles } from "../../src/sandbox/pglite.ts";
import { migrations } from "../support/ledger.ts";

const root = join(import.meta.dirname, "../..");
let directory: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "clara-state-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await rm(directory, { recursive: true, force: true });
});

/** Another process that opens the directory, writes a row, says how it went, and stays. */
async function openElsewhere(): Promise<{ child: ChildProcess; said: string }> {
  const script = `
    import { openEmbeddedLedger } from ${JSON.stringify(join(root, "src/sandbox/pglite.ts"))};
    import { readMigrations } from ${JSON.stringify(join(root, "src/vendors/migrations.ts"))};
    try {
      const files = await readMigrations(${JSON.stringify(join(root, "schemas/sql"))});
      const session = await openEmbeddedLedger(${JSON.stringify(directory)}, files);
      await session.transaction((query) => query("insert into clara.halt values ('of-the-other', 'x', now())"));
      console.log("open");
      setInterval(() => {}, 1000);
    } catch (error) {
      console.log(error.name + ": " + error.message);
    }`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [chunk] = await once(child.stdout, "data");
  return { child, said: String(chunk).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

const inUse = () => `${directory} is open in another process. Wait until it ends, or give --state another folder.`;

describe("a directory", () => {
  test("that is open here is refused to another process, and free when it is closed", async () => {
    const session = await openEmbeddedLedger(directory, migrations);
    expect((await openElsewhere()).said).toBe(`UserError: ${inUse()}`);
    await session.close();
    expect((await openElsewhere()).said).toBe("open");
  });

  test("that another process has open is refused here; kill -9 frees it, and what was written is there", async () => {
    const { child, said } = await openElsewhere();
    expect(said).toBe("open");
    const refused = openEmbeddedLedger(directory, migrations);
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(inUse());
    await kill(child);
    const session = await openEmbeddedLedger(directory, migrations);
    const rows = await session.transaction((query) => query("select scope from clara.halt"));
    await session.close();
    expect(rows).toEqual([{ scope: "of-the-other" }]);
  });

  test("that is open twice in one process is refused too", async () => {
    const session = await openEmbeddedLedger(directory, migrations);
    await expect(openEmbeddedLedger(directory, migrations)).rejects.toThrow(inUse());
    await session.close();
  });

  test("keeps what was written, and applies only files that are new", async () => {
    const first = await openEmbeddedLedger(directory, migrations);
    await first.transaction((query) => query("insert into clara.halt values ($1, $2, now())", ["*", "stop"]));
    await first.close();
    const extra = { version: "9000", name: "9000_x.sql", sql: "create table clara.extra (id int)", sha256: "x" };
    const second = await openEmbeddedLedger(directory, [...migrations, extra]);
    const rows = await second.transaction((query) => query("select why from clara.halt; select why from clara.halt"));
    expect(rows).toEqual([{ why: "stop" }]);
    expect(await second.transaction((query) => query("select * from clara.extra"))).toEqual([]);
    await second.close();
  });

  test("whose migration fails is free again afterwards", async () => {
    const wrong = { version: "9000", name: "9000_x.sql", sql: "select 1 / 0", sha256: "x" };
    await expect(openEmbeddedLedger(directory, [...migrations, wrong])).rejects.toThrow("division by zero");
    await (await openEmbeddedLedger(directory, migrations)).close();
  });

  test("below a file can't be made, and says so", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await expect(openEmbeddedLedger(join(file, "state"), migrations)).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});

test("work that throws is rolled back", async () => {
  const session = await openEmbeddedLedger(undefined, migrations);
  const failing = session.transaction(async (query) => {
    await query("insert into clara.halt values ('*', 'x', now())");
    throw new Error("changed my mind");
  });
  await expect(failing).rejects.toThrow("changed my mind");
  expect(await session.transaction((query) => query("select * from clara.halt"))).toEqual([]);
  await session.close();
});

test("the roles of Supabase can be made twice", async () => {
  const session = await openEmbeddedLedger(undefined, []);
  await session.transaction((query) => query(supabaseRoles));
  const roles = await session.transaction((query) =>
    query(
      "select rolname as name, rolbypassrls as bypasses from pg_roles where rolname in ('anon', 'authenticated', 'service_role') order by 1",
    ),
  );
  await session.close();
  expect(roles.map(({ name, bypasses }) => [name, bypasses])).toEqual([
    ["anon", false],
    ["authenticated", false],
    ["service_role", true],
  ]);
});
