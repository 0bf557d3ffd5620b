import { hash } from "node:crypto";
import pg from "pg";
import type { Query, SqlSession } from "../../src/vendors/migrations.ts";

/**
 * A session of the service role that asks Postgres once for each call, since it shares its processors with what is tested
 * or measured. A call of a function is a transaction by itself, and each connection plans it once, as PostgREST's do.
 */
export function openServiceSession(url: string, connections: number): SqlSession & { close(): Promise<void> } {
  const pool = new pg.Pool({ connectionString: url, max: connections, options: "-c role=service_role" });
  // A connection that the server drops is replaced; without a listener it would end the process.
  pool.on("error", () => {});
  const query: Query = async (sql, values = []) => {
    // A name has 63 bytes at most.
    const { rows } = await pool.query({ name: hash("sha1", sql), text: sql, values: [...values] });
    return rows;
  };
  return { transaction: (work) => work(query), close: () => pool.end() };
}
