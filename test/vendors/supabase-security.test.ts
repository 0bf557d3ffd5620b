import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { supabaseRoles } from "../../src/sandbox/pglite.ts";
import { applyMigrations, type Query, type SqlSession } from "../../src/vendors/migrations.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { stepsOf } from "../contracts/ledger-steps.ts";
import { emptyLedger, migrations, secretKey } from "../support/ledger.ts";
import { type NativePostgres, type RpcServer, serveRpc, startPostgres } from "../support/postgres.ts";

/** What hosted Supabase has besides: its owner is no superuser, and every new function in public is open to all its roles. */
const hosted = (database: string) => `
  create role owner login createrole bypassrls password 'plain';
  create role authenticator login noinherit password 'plain';
  grant anon, authenticated, service_role to authenticator;
  alter database ${database} owner to owner;
  grant all on schema public, extensions to owner;
  alter default privileges for role owner in schema public grant all on functions to anon, authenticated, service_role;
  alter default privileges for role owner in schema public grant all on tables to anon, authenticated, service_role;`;

const ledgerFunctions = `
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'clara') and p.proowner = 'owner'::regrole
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;

const publicNames = [
  ...[
    "arm_slot",
    "claim_slots",
    "close_tick",
    "count_read",
    "dead_letters",
    "explain_slot",
    "halt_scope",
    "ledger_info",
    "open_tick",
    "open_tick_only",
  ],
  ...[
    "read_tick",
    "record_absence",
    "record_outcome",
    "release_scope",
    "reserve_slots",
    "resume_scope",
    "retry_slots",
    "store_draft",
    "take_tokens",
  ],
];

type Closable = SqlSession & { close(): Promise<void> };

describe("on a database set up as Supabase sets it up", () => {
  let postgres: NativePostgres;
  let superuser: Closable;
  let owner: Closable;
  let authenticator: Closable;
  let server: RpcServer;

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase();
    const as = (user: string) => {
      const address = new URL(url);
      Object.assign(address, { username: user, password: "plain" });
      return address.href;
    };
    superuser = openPostgres(url);
    await superuser.transaction((query) => query(supabaseRoles));
    await superuser.transaction((query) => query(hosted(new URL(url).pathname.slice(1))));
    owner = openPostgres(as("owner"));
    await applyMigrations(owner, migrations);
    authenticator = openPostgres(as("authenticator"), { connections: 2 });
    server = await serveRpc(authenticator, secretKey);
  });

  afterAll(async () => {
    await server.close();
    for (const session of [superuser, owner, authenticator]) await session.close();
    await postgres.stop();
  });

  const sql: Query = (statement, parameters) => superuser.transaction((query) => query(statement, parameters));
  const namesOf = async (statement: string) => (await sql(statement)).map(({ name }) => String(name));

  test("row level security is on for every table, and no policy opens one", async () => {
    const tables = await sql(
      "select relname as name, relrowsecurity as secured from pg_class where relnamespace = 'clara'::regnamespace and relkind in ('r', 'p', 'v', 'm')",
    );
    expect(tables.length).toBeGreaterThan(10);
    expect(tables.filter(({ secured }) => secured !== true)).toEqual([]);
    expect(await sql("select * from pg_policies where schemaname = 'clara'")).toEqual([]);
  });

  test("every function of the ledger is known here: a new one must be added, and closed to the others", async () => {
    const statement = `select p.proname as name ${ledgerFunctions} and n.nspname = 'public' order by 1`;
    expect(await namesOf(statement)).toEqual(publicNames);
  });

  test.for(["anon", "authenticated", "authenticator"])("%s may execute no function of the ledger", async (role) => {
    const statement = `select p.oid::regprocedure::text as name ${ledgerFunctions} and has_function_privilege('${role}', p.oid, 'execute')`;
    expect(await namesOf(statement)).toEqual([]);
  });

  test("the secret key may execute the public functions and none of the inner ones", async () => {
    const statement = `select p.proname as name ${ledgerFunctions} and has_function_privilege('service_role', p.oid, 'execute') order by 1`;
    expect(await namesOf(statement)).toEqual(publicNames);
  });

  test.for(["anon", "authenticated", "service_role"])(
    "%s can't enter the schema nor read a table of it",
    async (role) => {
      expect(await sql(`select has_schema_privilege('${role}', 'clara', 'usage') as may`)).toEqual([{ may: false }]);
      const readable = await namesOf(
        `select relname as name from pg_class where relnamespace = 'clara'::regnamespace and relkind = 'r'
         and has_table_privilege('${role}', oid, 'select, insert, update, delete')`,
      );
      expect(readable).toEqual([]);
    },
  );

  test("every function that runs with its owner's rights has a fixed, empty search path", async () => {
    const rows = await sql(`select p.proname as name, p.proconfig as config ${ledgerFunctions} and p.prosecdef`);
    expect(rows.length).toBeGreaterThan(15);
    const open = rows.filter(({ config }) => !(config as string[] | null)?.includes('search_path=""'));
    expect(open.map(({ name }) => name)).toEqual([]);
  });

  test("a caller who puts tables of his own in front changes nothing", async () => {
    await authenticator.transaction(async (query) => {
      await query("set local role service_role");
      await query("create temp table slot (id text); set local search_path = pg_temp, public");
      const [row] = await query("select public.read_tick(now()) as state");
      expect(row?.state).toMatchObject({ open: [] });
    });
  });

  test("the similarity threshold is ours in a session that has never compared texts, without superuser rights", async () => {
    const steps = stepsOf({ ...(await emptyLedger(superuser, { url: server.url })), sql });
    const text = "Our autumn tea is here: smoky, slow and made for long evenings with a good book.";
    const related = "Our autumn tea is here again: smoky, slow and made for people who read on trains.";
    await steps.claim({ client: "bolt" });
    await steps.store([text], { client: "bolt" });
    await steps.claim();
    expect(await steps.store([text, related])).toMatchObject({ stored: 1, similarTo: [{ candidate: 0 }] });
  });
});
