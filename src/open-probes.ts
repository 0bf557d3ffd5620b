import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Probes } from "./doctor/probes.ts";
import { openLedgerRpc } from "./open-ledger.ts";
import type { Clock, Model } from "./ports.ts";
import { type OpenedCredentials, openCredentials } from "./post/seal.ts";
import type { Environment, Settings } from "./settings.ts";
import type { Client } from "./terms.ts";
import { readMigrations } from "./vendors/migrations.ts";
import { openRpc, type Rpc } from "./vendors/supabase.ts";

export interface ProbeOptions {
  settings: Settings;
  environment: Environment;
  clock: Clock;
  stateDirectory: string;
  migrationsDirectory: string;
  /** Each request ends by itself this much later than the check that waits for it, so that no socket outlives the process. */
  deadlineSeconds: number;
  /** Called with every secret that is opened. */
  onSecret(secret: string): void;
}

/** Ways to ask the services of this environment; `close` when the answers are in. */
export async function openProbes(options: ProbeOptions): Promise<Probes & { close(): Promise<void> }> {
  const { settings, migrationsDirectory } = options;
  let close = async () => {};
  const rpc = await ledgerRpc(options, (closeLedger) => {
    close = closeLedger;
  });
  const { ledger, limiter, model, x } = settings;
  return {
    mode: { ledger: ledger.kind, limiter: limiter.kind, model: model.kind, x: x.kind },
    ledger: rpc && (await ledgerProbe(rpc, options)),
    migrations: await readMigrations(migrationsDirectory),
    limiter: limiterProbe(options),
    model: model.kind === "real" ? await openModel(model.apiKey, options) : undefined,
    openModel: async (apiKey) => (model.kind === "real" ? openModel(apiKey, options) : undefined),
    open: blockProbe(options),
    account: accountProbe(options),
    workflow: workflowProbe(options),
    close,
  };
}

/** An embedded ledger that does not exist yet stays so: opening it would create it. */
async function ledgerRpc(
  options: ProbeOptions,
  onClose: (close: () => Promise<void>) => void,
): Promise<Rpc | undefined> {
  const { settings, stateDirectory, deadlineSeconds } = options;
  if (settings.ledger.kind === "real") return openRpc({ ...settings.ledger, deadlineSeconds: deadlineSeconds + 1 });
  return existsSync(join(stateDirectory, "ledger")) ? openLedgerRpc(options, onClose) : undefined;
}

async function ledgerProbe(rpc: Rpc, { clock }: ProbeOptions): Promise<NonNullable<Probes["ledger"]>> {
  const [{ openLedger }, { openLevers }, { readLedgerInfo }] = await Promise.all([
    import("./vendors/supabase.ts"),
    import("./vendors/supabase-levers.ts"),
    import("./vendors/supabase-doctor.ts"),
  ]);
  return {
    info: () => readLedgerInfo(rpc),
    state: () => openLedger(rpc).readTick({ now: clock() }),
    deadLetters: () => openLevers(rpc).deadLetters(),
  };
}

function limiterProbe({ settings: { limiter }, deadlineSeconds }: ProbeOptions): Probes["limiter"] {
  if (limiter.kind === "sandbox") return undefined;
  const timeoutMs = milliseconds(deadlineSeconds);
  return async () => (await import("./vendors/upstash.ts")).probeUpstash({ ...limiter, timeoutMs });
}

async function openModel(apiKey: string, { settings, clock, deadlineSeconds }: ProbeOptions): Promise<Model> {
  const { openModel: open } = await import("./vendors/openai.ts");
  const baseUrl = settings.model.kind === "real" ? settings.model.baseUrl : undefined;
  return open({
    apiKey,
    now: clock,
    deadlineMs: milliseconds(deadlineSeconds),
    ...(baseUrl !== undefined && { baseUrl }),
  });
}

function blockProbe({ settings: { identity }, onSecret }: ProbeOptions): Probes["open"] {
  if (identity === undefined) return undefined;
  return async ({ id, sealed = "" }: Client): Promise<OpenedCredentials> => {
    const { decryptWith } = await import("./vendors/age.ts");
    const opened = await openCredentials(sealed, id, (armoured) => decryptWith(identity, armoured));
    for (const secret of [...Object.values(opened.x), opened.openaiApiKey]) if (secret !== undefined) onSecret(secret);
    return opened;
  };
}

function accountProbe({ settings: { x }, clock, deadlineSeconds }: ProbeOptions): Probes["account"] {
  if (x.kind === "sandbox") return undefined;
  const { appKey, appSecret, apiUrl } = x;
  return async (opened) => {
    const { openXAccount } = await import("./vendors/x.ts");
    const credentials = { ...opened.x, appKey: opened.x.appKey ?? appKey, appSecret: opened.x.appSecret ?? appSecret };
    const sendDeadlineMs = milliseconds(deadlineSeconds);
    return openXAccount({ credentials, clock, sendDeadlineMs, ...(apiUrl !== undefined && { apiUrl }) });
  };
}

function workflowProbe({ environment, deadlineSeconds }: ProbeOptions): Probes["workflow"] {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, GITHUB_API_URL: apiUrl } = environment;
  if (!token || !repository) return undefined;
  const options = { token, repository, deadlineMs: milliseconds(deadlineSeconds), ...(apiUrl && { apiUrl }) };
  return async () => (await import("./vendors/github.ts")).readTickWorkflow(options);
}

function milliseconds(deadlineSeconds: number): number {
  return (deadlineSeconds + 1) * 1000;
}
