import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PGlite } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { UserError } from "../errors.ts";
import { applyMigrations, type Migration, type SqlSession } from "../vendors/migrations.ts";

/** What a Supabase project has before the first migration. */
export const supabaseRoles = `
  create schema if not exists extensions;
  do $$
  declare r text;
  begin
    foreach r in array array['anon', 'authenticated', 'service_role'] loop
      if not exists (select from pg_roles where rolname = r) then
        execute format('create role %I nologin', r);
      end if;
      execute format('grant usage on schema public, extensions to %I', r);
    end loop;
    alter role service_role bypassrls;
  end $$;`;

/**
 * Opens the embedded ledger in a directory, or in memory without one, with the same migrations as the real one.
 * @throws UserError when another process has it open: PGlite itself would lose data silently.
 */
export async function openEmbeddedLedger(
  directory: string | undefined,
  migrations: readonly Migration[],
): Promise<SqlSession & { close(): Promise<void> }> {
  const unlock = directory === undefined ? () => {} : lockDirectory(directory);
  try {
    const database = await PGlite.create({
      ...(directory === undefined ? {} : { dataDir: join(directory, "ledger") }),
      extensions: { pg_trgm },
    });
    const session = sessionOf(database);
    await session.transaction((query) => query(supabaseRoles));
    await applyMigrations(session, migrations);
    return {
      ...session,
      close: async () => {
        await database.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A kernel lock through SQLite: freed on kill -9, so it is never stale. */
function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const lock = new DatabaseSync(join(directory, "lock.db"));
  try {
    lock.exec("pragma busy_timeout = 0; pragma locking_mode = exclusive; begin exclusive");
  } catch {
    lock.close();
    throw new UserError(`${directory} is open in another process. Wait until it ends, or give --state another folder.`);
  }
  return () => lock.close();
}

function sessionOf(database: PGlite): SqlSession {
  return {
    transaction: (work) =>
      database.transaction((transaction) =>
        work(async (sql, parameters) => {
          if (parameters !== undefined)
            return (await transaction.query<Record<string, unknown>>(sql, [...parameters])).rows;
          const results = await transaction.exec(sql);
          return (results.at(-1)?.rows ?? []) as Record<string, unknown>[];
        }),
      ),
  };
}
