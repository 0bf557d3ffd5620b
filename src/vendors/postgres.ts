import pg from "pg";
import type { Query, SqlSession } from "./migrations.ts";

/** Connects to a Postgres address such as SUPABASE_DB_URL. The caller closes it. Without `connectSeconds` it waits for ever. */
export function openPostgres(
  url: string,
  options: { connections?: number; connectSeconds?: number } = {},
): SqlSession & {
  close(): Promise<void>;
} {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? 1,
    connectionTimeoutMillis: options.connectSeconds === undefined ? 0 : options.connectSeconds * 1000,
  });
  // An idle connection that the server drops is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {});
  return {
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query("begin");
    const result = await work(async (sql, parameters) =>
      rowsOf(await client.query(sql, parameters && [...parameters])),
    );
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A script of several statements answers with a list of results; only single statements have rows worth reading. */
function rowsOf(result: pg.QueryResult | pg.QueryResult[]): readonly Record<string, unknown>[] {
  return Array.isArray(result) ? [] : result.rows;
}
