import { createHash, timingSafeEqual } from "node:crypto";
import type { Query, SqlSession } from "../vendors/migrations.ts";

/** What asks for a function, however it came. */
export interface RpcRequest {
  method: string;
  /** Path and query. */
  target: string;
  apikey: string | null;
  body: string;
}

export interface RpcAnswer {
  status: number;
  /** JSON; nothing for a function without a value. */
  body: string | null;
}

/** The `global.fetch` of supabase-js in the sandbox, answered by `openRpcAnswers`. */
export function rpcFetch(session: SqlSession, options: RpcOptions): typeof fetch {
  const answer = openRpcAnswers(session, options);
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const apikey = request.headers.get("apikey");
    const asked = { method: request.method, target: `${pathname}${search}`, apikey, body: await request.text() };
    const { status, body } = await answer(asked);
    return new Response(body, { status, ...(body !== null && { headers: jsonHeaders }) });
  };
}

export const jsonHeaders = { "content-type": "application/json; charset=utf-8" };

/**
 * Answers `POST /rest/v1/rpc/<function>` as PostgREST does, from any Postgres session. Serves functions that return one
 * value; anything else is refused. Throws what is no answer of Postgres, such as a connection that is gone.
 */
export function openRpcAnswers(session: SqlSession, options: RpcOptions): (request: RpcRequest) => Promise<RpcAnswer> {
  const signatures = new Map<string, Promise<Signature | undefined>>();
  return async ({ method, target, apikey, body }) => {
    const name = /^\/rest\/v1\/rpc\/([a-z_]+)$/.exec(target)?.[1];
    if (name === undefined || method !== "POST") {
      return failure(501, "SANDBOX", `only POST /rest/v1/rpc/<function> is served, not ${method} ${target}`);
    }
    if (!sameKey(apikey, options.secretKey)) return failure(401, "PGRST301", "Invalid API key");
    try {
      return await session.transaction((query) => call(query, { name, body: body || "{}", signatures, ...options }));
    } catch (error) {
      const code = sqlState(error);
      if (code === undefined) throw error;
      return failure(statusOf(code), code, error instanceof Error ? error.message : "");
    }
  };
}

export interface RpcOptions {
  secretKey: string;
  /** The session is the service role's already. */
  isServiceRole?: boolean;
}

interface Signature {
  names: string[];
  types: string[];
  isVoid: boolean;
}

interface Call extends RpcOptions {
  name: string;
  body: string;
  signatures: Map<string, Promise<Signature | undefined>>;
}

async function call(query: Query, { name, body, signatures, isServiceRole }: Call): Promise<RpcAnswer> {
  const keys = Object.keys(JSON.parse(body));
  const signature = await (signatures.get(name) ?? remember(signatures, name, readSignature(query, name)));
  if (signature === undefined || [...keys].sort().join() !== [...signature.names].sort().join()) {
    signatures.delete(name);
    const asked = `public.${name}(${keys.sort().join(", ")})`;
    return failure(404, "PGRST202", `Could not find the function ${asked} in the schema cache`);
  }
  if (!isServiceRole) await query("set local role service_role");
  const columns = signature.names.map((argument, i) => `${argument} ${signature.types[i]}`).join(", ");
  const values = signature.names.map((argument) => `${argument} := b.${argument}`).join(", ");
  const source = columns === "" ? "(select $1::json) b" : `json_to_record($1::json) b(${columns})`;
  const sql = `select to_json(public.${name}(${values}))::text as answer from ${source}`;
  const [row] = await query(sql, [body]);
  return signature.isVoid ? { status: 204, body: null } : { status: 200, body: String(row?.answer ?? "null") };
}

function remember<T>(known: Map<string, Promise<T>>, key: string, value: Promise<T>): Promise<T> {
  known.set(key, value);
  value.catch(() => known.delete(key));
  return value;
}

async function readSignature(query: Query, name: string): Promise<Signature | undefined> {
  const sql = `select coalesce(p.proargnames, '{}') as names, p.prorettype = 'void'::regtype as is_void,
      array(select format_type(t, null) from unnest(p.proargtypes::oid[]) with ordinality u(t, n) order by n) as types
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and p.proname = $1 and p.prokind = 'f' and not p.proretset`;
  const [row] = await query(sql, [name]);
  if (row === undefined) return undefined;
  return { names: row.names as string[], types: row.types as string[], isVoid: row.is_void === true };
}

/** Digests have one length, so the comparison takes the same time for every wrong key. */
function sameKey(given: string | null, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given ?? ""), digest(expected));
}

function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // Every SQLSTATE has a digit; EPIPE, which has none, comes from the operating system.
  return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** PostgREST's own table, for the states that these functions can raise. */
function statusOf(code: string): number {
  if (code === "42501") return 403;
  if (code === "42883") return 404;
  if (code === "23503" || code === "23505") return 409;
  if (/^(08|53|57P01)/.test(code)) return 503;
  if (/^(25|40|54|55|57|58|XX)/.test(code)) return 500;
  return 400;
}

function failure(status: number, code: string, message: string): RpcAnswer {
  return { status, body: JSON.stringify({ code, message, details: null, hint: null }) };
}
