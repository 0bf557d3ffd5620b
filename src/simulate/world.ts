import { randomUUID } from "node:crypto";
import type { XCredentials } from "../ports.ts";
import type { ModelFault } from "../sandbox/model-faults.ts";
import { type ModelSandbox, startModelSandbox } from "../sandbox/model-server.ts";
import { openEmbeddedLedger } from "../sandbox/pglite.ts";
import { rpcFetch } from "../sandbox/postgrest.ts";
import type { Fault } from "../sandbox/x-faults.ts";
import { startXSandbox, type XDone, type XSandbox } from "../sandbox/x-server.ts";
import { wireText } from "../sandbox/x-text.ts";
import type { Client, Workspace } from "../terms.ts";
import { readMigrations, type SqlSession } from "../vendors/migrations.ts";
import { openRpc, type Rpc } from "../vendors/supabase.ts";
import { accountsOf } from "./accounts.ts";
import type { Draws } from "./draws.ts";
import type { Faults } from "./faults.ts";
import { type Journal, openJournal } from "./journal.ts";
import type { Timetable } from "./timetable.ts";
import { startVirtualTime, type VirtualTime } from "./virtual-time.ts";
import { canary, openWatch, type Watch } from "./watch.ts";

/** Everything that the runs of one simulation share: services, time, and what is seen of them. */
export interface World {
  workspace: Workspace;
  clients: ReadonlyMap<string, Client>;
  faults: Faults;
  draws: Draws;
  timetable: Timetable;
  time: VirtualTime;
  journal: Journal;
  watch: Watch;
  x: XSandbox;
  model: ModelSandbox;
  /** What happens to the next request of an account, or of an API key. */
  nextX: Map<string, Fault>;
  nextModel: Map<string, ModelFault>;
  /** The client that an account's next request is made for: another one where credentials are mixed up, and it pays. */
  payers: Map<string, string>;
  ledger: { session: SqlSession; secretKey: string; fetch: typeof fetch; rpc: Rpc };
  close(): Promise<void>;
}

/** Opens the sandboxes in memory: nothing is read from or written to disk but the migrations, and no socket leaves. */
export async function openWorld(input: {
  workspace: Workspace;
  faults: Faults;
  draws: Draws;
  timetable: Timetable;
  from: Date;
  migrationsDirectory: string;
}): Promise<World> {
  const { workspace, from, migrationsDirectory, ...given } = input;
  const time = startVirtualTime(from);
  const journal = openJournal();
  const nextX: World["nextX"] = new Map();
  const nextModel: World["nextModel"] = new Map();
  const payers: World["payers"] = new Map();
  const session = await openEmbeddedLedger(undefined, await readMigrations(migrationsDirectory));
  const secretKey = `sb_secret_${canary}${randomUUID()}`;
  const answer = rpcFetch(session, { secretKey });
  const x = await openX({ workspace, time, journal, nextX, payers });
  const model = await startModelSandbox({ faults: ({ key, path }) => takeNext(nextModel, `${key} ${path}`) });
  return {
    ...given,
    workspace,
    clients: new Map(workspace.clients.map((client) => [client.id, client])),
    time,
    journal,
    watch: openWatch(),
    x,
    model,
    nextX,
    nextModel,
    payers,
    ledger: { session, secretKey, fetch: answer, rpc: openRpc({ url: ledgerUrl, secretKey, fetch: answer }) },
    close: async () => {
      for (const service of [x, model, session]) await service.close();
    },
  };
}

export const ledgerUrl = "http://ledger.sandbox";

async function openX(input: {
  workspace: Workspace;
  time: VirtualTime;
  journal: Journal;
  nextX: World["nextX"];
  payers: World["payers"];
}): Promise<XSandbox> {
  const { workspace, time, journal, nextX, payers } = input;
  const accounts = accountsOf(workspace.clients);
  return startXSandbox({
    clock: time.clock,
    accounts: (token: XCredentials["accessToken"]) => accounts.get(token),
    faults: ({ account = "" }) => takeNext(nextX, account),
    // X's own check against doubles is off: nothing but Clara's care keeps a text from going out twice.
    duplicateWindowSeconds: 0,
    onAnswer: (done) => charge(journal, workspace, done, payers.get(done.account) ?? ""),
  });
}

/** https://docs.x.com/x-api/getting-started/pricing: what succeeds is charged, whether its answer arrives or not. */
function charge(journal: Journal, { prices: { x } }: Workspace, done: XDone, client: string): void {
  const { account, method, path, reply } = done;
  if (reply.status >= 300) return;
  const add = (kind: "post" | "read" | "user", usd: number) => journal.charges.push({ account, client, kind, usd });
  const data: unknown = Object(reply.body).data;
  if (method === "POST" && path === "/2/tweets") {
    const { text } = Object(data) as { text?: unknown };
    add("post", (wireText(String(text)).entities.urls ?? []).length > 0 ? x.postWithUrlUsd : x.postUsd);
  } else if (path === "/2/users/me") add("user", x.readUserUsd);
  else if (Array.isArray(data)) add("read", data.length * x.readPostUsd);
}

function takeNext<T>(next: Map<string, T>, key: string): T | undefined {
  const fault = next.get(key);
  next.delete(key);
  return fault;
}
