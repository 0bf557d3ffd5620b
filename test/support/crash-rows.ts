import type { DatabaseSync } from "node:sqlite";
import type { SqlSession } from "../../src/vendors/migrations.ts";

/** The rows of a database as they were at one moment, to be brought back as often as wanted. */
export interface KeptRows {
  keep(): Promise<void>;
  bringBack(): Promise<void>;
}

/** For the ledger: each table has a twin beside it, since making one costs more than filling it. */
export async function keptLedger(session: SqlSession): Promise<KeptRows> {
  const run = (statements: readonly string[]) => session.transaction((query) => query(statements.join(";")));
  const tables = await session.transaction((query) =>
    query(`
      select c.relname as name, string_agg(quote_ident(a.attname), ', ') filter (where a.attgenerated = '') as columns
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname = 'clara' and c.relkind = 'r' and c.relname <> 'migration' group by c.relname`),
  );
  await run(["create schema kept", ...tables.map(({ name }) => `create table kept.${name} (like clara.${name})`)]);
  // Without triggers and foreign keys: every row that they would make or ask for is among those kept.
  const start = "set local session_replication_role = replica";
  const copy = (from: string, to: string) =>
    tables.flatMap(({ name, columns }) => [
      `delete from ${to}.${name}`,
      `insert into ${to}.${name} (${columns}) overriding system value select ${columns} from ${from}.${name}`,
    ]);
  return {
    keep: async () => {
      await run(copy("clara", "kept"));
    },
    bringBack: async () => {
      await run([start, ...copy("kept", "clara")]);
    },
  };
}

/** For the sandbox's memory of X. */
export function keptMemory(database: DatabaseSync): KeptRows {
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
  const run = (statements: readonly string[]) =>
    database.exec(["begin immediate", ...statements, "commit", ""].join(";"));
  return {
    keep: async () =>
      run(
        tables.flatMap(({ name }) => [
          `drop table if exists temp.kept_${name}`,
          `create temp table kept_${name} as select * from main.${name}`,
        ]),
      ),
    bringBack: async () =>
      run(
        tables.flatMap(({ name }) => [
          `delete from main.${name}`,
          `insert into main.${name} select * from temp.kept_${name}`,
        ]),
      ),
  };
}
