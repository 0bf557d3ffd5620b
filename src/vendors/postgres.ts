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
  // The pool listens to idle connections only: one that is dropped at work would end the process.
  const onDropped = () => {
    broken = true;
  };
  client.on("error", onDropped);
  try {
    await client.query("begin");
    const result = await work(async (sql, parameters) =>
      rowsOf(await client.query(sql, parameters && [...parameters])),
    );
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(onDropped);
    throw error;
  } finally {
    client.release(broken);
    if (!broken) client.off("error", onDropped);
  }
}

/** A script of several statements answers with a list of results; only single statements have rows worth reading. */
function rowsOf(result: pg.QueryResult | pg.QueryResult[]): readonly Record<string, unknown>[] {
  return Array.isArray(result) ? [] : result.rows;
}

/** By SQLSTATE or the operating system's code; anything else is no matter of the connection. */
const problems: Readonly<Record<string, string>> = {
  "28P01": "the database refused the password",
  "28000": "the database refused the user",
  "3D000": "there is no database of that name",
  "42501": "this user may not create the ledger's schema and functions",
  ECONNREFUSED: "nothing answers at that address",
  ECONNRESET: "the server closed the connection",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name could not be looked up",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the host cannot be reached",
  ETIMEDOUT: "the host does not answer",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not signed by a known authority",
};

/** Why there is no working connection, in words that name no secret; undefined when the error is about something else. */
export function connectionProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  if (Object.hasOwn(problems, code)) return problems[code];
  // pg has no code for its own deadline, nor for a server that hangs up while it greets.
  return /connection (timeout|terminated)|timeout exceeded/i.test(error.message)
    ? "the host does not answer"
    : undefined;
}
