import { createHash } from "node:crypto";
import { join } from "node:path";
import { PostingError } from "./errors.ts";
import { withFallback } from "./gate/limits.ts";
import { openLedgerRpc } from "./open-ledger.ts";
import type { Clock, Ledger, Limiter, Model, XAccount, XCredentials } from "./ports.ts";
import { fingerprint, type OpenedCredentials, openCredentials } from "./post/seal.ts";
import type { Settings } from "./settings.ts";
import type { Client, RunInfo } from "./terms.ts";

/** Everything a tick needs from outside, real or sandbox. SDKs are loaded when first used: an idle tick imports none of X or the model. */
export interface Services {
  mode: RunInfo["mode"];
  ledger: Ledger;
  limiter: Limiter;
  clock: Clock;
  sleep(milliseconds: number): Promise<void>;
  /** Opens a client's credentials; they live as long as the answer does. Throws PostingError("config"). */
  openClient(client: Client): Promise<ClientServices>;
  /** Make ready what serving most clients needs, one package each. */
  packages?: readonly (() => Promise<unknown>)[];
  /** Things worth a line in the summary, for example that Upstash did not answer. */
  notes(): readonly string[];
  close(): Promise<void>;
}

/** The services of one client while it is served. */
export interface ClientServices {
  model(): Promise<Model>;
  /** Missing credentials throw PostingError("config"). */
  x(): Promise<XAccess>;
}

export interface XAccess {
  account: XAccount;
  /** Digest of the credentials: the ledger remembers whose they are. */
  fingerprint: string;
  /** Digest of the app key: names the app's rate limit. */
  app: string;
  /** True when that app is the client's own, so that what X says of it concerns no other client. */
  ownApp: boolean;
}

export interface ServiceOptions {
  settings: Settings;
  clock: Clock;
  /** Holds what the sandboxes keep between runs. */
  stateDirectory: string;
  migrationsDirectory: string;
  /** Called with every secret that is opened, so that logs and Actions can mask it. */
  onSecret(secret: string): void;
}

const load = {
  age: () => import("./vendors/age.ts"),
  model: () => import("./vendors/openai.ts"),
  limiter: () => import("./vendors/upstash.ts"),
  x: () => import("./vendors/x.ts"),
};

type Closers = (() => Promise<void>)[];

export async function openServices(options: ServiceOptions): Promise<Services> {
  const { settings, clock } = options;
  const closers: Closers = [];
  const notes: string[] = [];
  const { ledger, postgresLimiter } = await openLedgerServices(options, closers);
  const { limiter } = settings;
  const shared = {
    ...options,
    closers,
    decrypter: once(async () => (await load.age()).openDecrypter(settings.identity ?? "")),
    sharedModel: once(() => openSharedModel(options, closers)),
    sandboxX: once(() => startSandboxX(options, closers)),
  };
  return {
    mode: { ledger: settings.ledger.kind, limiter: limiter.kind, model: settings.model.kind, x: settings.x.kind },
    ledger,
    limiter: limiter.kind === "sandbox" ? postgresLimiter : upstashFirst(limiter, postgresLimiter, notes),
    clock,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    openClient: (client) => openClient(client, shared),
    packages: usedPackages(settings),
    notes: () => notes,
    close: async () => {
      for (const close of closers.reverse()) await close();
    },
  };
}

function usedPackages({ identity, limiter }: Settings) {
  const limiterPackage = limiter.kind === "sandbox" ? [] : [load.limiter];
  const spared = async () => (await import("./vendors/v8.ts")).spareCompiler();
  return [spared, load.model, load.x, ...(identity === undefined ? [] : [load.age]), ...limiterPackage];
}

async function openLedgerServices(options: ServiceOptions, closers: Closers) {
  const { openLedger, openPostgresLimiter } = await import("./vendors/supabase.ts");
  const rpc = await openLedgerRpc(options, (close) => closers.push(close));
  return { ledger: openLedger(rpc), postgresLimiter: openPostgresLimiter(rpc) };
}

function upstashFirst(settings: { url: string; token: string }, postgres: Limiter, notes: string[]): Limiter {
  const open = once(async () => (await load.limiter()).openUpstashLimiter(settings));
  const upstash: Limiter = { take: async (buckets, now) => (await open()).take(buckets, now) };
  return withFallback(upstash, postgres, () => {
    notes.push("Upstash did not answer: the rate limits in Postgres decided.");
  });
}

interface Shared extends ServiceOptions {
  decrypter(): Promise<(armoured: string) => Promise<string>>;
  sharedModel(): Promise<Model>;
  sandboxX(): Promise<{ url: string }>;
}

async function openClient(client: Client, shared: Shared): Promise<ClientServices> {
  const opened = await unseal(client, shared);
  return {
    model: () => openClientModel(opened, shared),
    x: () => openClientX(client, opened, shared),
  };
}

async function unseal(
  client: Client,
  { settings, onSecret, decrypter }: Shared,
): Promise<OpenedCredentials | undefined> {
  if (client.sealed === undefined || settings.identity === undefined) return undefined;
  const opened = await openCredentials(client.sealed, client.id, async (armoured) => (await decrypter())(armoured));
  for (const secret of [...Object.values(opened.x), opened.openaiApiKey]) if (secret !== undefined) onSecret(secret);
  return opened;
}

/** A client with a key of its own gets its own model; the others share one, which learns once what its server can do. */
async function openClientModel(opened: OpenedCredentials | undefined, shared: Shared): Promise<Model> {
  const { model } = shared.settings;
  const apiKey = opened?.openaiApiKey;
  if (apiKey === undefined || model.kind === "sandbox") return shared.sharedModel();
  return connectModel({ ...model, apiKey }, shared.clock);
}

async function openSharedModel({ settings, clock }: ServiceOptions, closers: Closers): Promise<Model> {
  if (settings.model.kind === "real") return connectModel(settings.model, clock);
  return connectModel({ apiKey: "sandbox", baseUrl: (await startSandboxModel(closers)).url }, clock);
}

async function connectModel({ apiKey, baseUrl }: { apiKey: string; baseUrl?: string }, now: Clock): Promise<Model> {
  const { openModel } = await load.model();
  return openModel({ apiKey, now, ...(baseUrl === undefined ? {} : { baseUrl }) });
}

async function openClientX(client: Client, opened: OpenedCredentials | undefined, shared: Shared) {
  const { credentials, ownApp = false, ...host } = await xAccess(client, opened, shared);
  const account = (await load.x()).openXAccount({ credentials, clock: shared.clock, ...host });
  return { account, fingerprint: fingerprint(credentials), app: digest(credentials.appKey), ownApp };
}

async function xAccess(
  client: Client,
  opened: OpenedCredentials | undefined,
  { settings, sandboxX }: Shared,
): Promise<{ credentials: XCredentials; apiUrl?: string; ownApp?: boolean }> {
  if (settings.x.kind === "sandbox") {
    const { sandboxCredentials } = await import("./sandbox/x-accounts.ts");
    return { credentials: sandboxCredentials(client), apiUrl: (await sandboxX()).url };
  }
  if (opened === undefined) {
    throw new PostingError("config", `${client.id} has no credentials: run \`npm start -- seal ${client.id}\``);
  }
  const { appKey, appSecret, apiUrl } = settings.x;
  const credentials = { ...opened.x, appKey: opened.x.appKey ?? appKey, appSecret: opened.x.appSecret ?? appSecret };
  return { credentials, ownApp: credentials.appKey !== appKey, ...(apiUrl === undefined ? {} : { apiUrl }) };
}

async function startSandboxModel(closers: Closers) {
  const { startModelSandbox } = await import("./sandbox/model-server.ts");
  const server = await startModelSandbox({});
  closers.push(server.close);
  return server;
}

async function startSandboxX({ stateDirectory, clock }: ServiceOptions, closers: Closers) {
  const { startXSandbox } = await import("./sandbox/x-server.ts");
  const server = await startXSandbox({ stateFile: join(stateDirectory, "x.db"), clock });
  closers.push(server.close);
  return server;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    started ??= start();
    return started;
  };
}
