import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";

/** One statement, or a script of several when it has no parameters. */
export type Query = (sql: string, parameters?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

/** A Postgres session: PGlite in the sandbox, a connection or a pool elsewhere. */
export interface SqlSession {
  /** Runs the work in one transaction; rolls back when it throws. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

export interface Migration {
  version: string;
  name: string;
  sql: string;
  sha256: string;
}

/** Reads `NNNN_name.sql` files in the order of their numbers. */
export async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(directory, name), "utf8");
      return { version: name.slice(0, 4), name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/**
 * Applies each migration once, all in one transaction, and returns the names of those applied now.
 * Two processes that migrate together queue on a lock.
 * @throws UserError when a file changed after it was applied: history is append-only.
 */
export async function applyMigrations(
  session: SqlSession,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  return session.transaction(async (query) => {
    await query("select pg_advisory_xact_lock(hashtext('clara.migrate'))");
    await query(historySql);
    const rows = await query("select version, sha256 from clara.migration");
    const applied = new Map(rows.map((row) => [row.version, row.sha256]));
    const fresh: string[] = [];
    for (const migration of migrations) {
      const known = applied.get(migration.version);
      if (known === migration.sha256) continue;
      if (known !== undefined) throw changedFile(migration.name);
      await query(migration.sql);
      await query("insert into clara.migration (version, name, sha256) values ($1, $2, $3)", [
        migration.version,
        migration.name,
        migration.sha256,
      ]);
      fresh.push(migration.name);
    }
    return fresh;
  });
}

const historySql = `
  create schema if not exists clara;
  create table if not exists clara.migration (
    version text primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now());
  alter table clara.migration enable row level security;`;

function changedFile(name: string): UserError {
  return new UserError(
    `schemas/sql/${name} changed after it was applied. Restore it, and put the change into a new file with the next number.`,
  );
}
