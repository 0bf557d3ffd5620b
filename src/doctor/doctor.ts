import type { Clock } from "../ports.ts";
import type { Client, Workspace } from "../terms.ts";
import { attempt, everything, type Finding, failed, ok, skipped, type Verdict } from "./check.ts";
import { checkFiles } from "./files.ts";
import { checkWorkflow } from "./github.ts";
import { checkLedger } from "./ledger.ts";
import { checkLimits } from "./limits.ts";
import { checkModels, modelVerdict } from "./model.ts";
import type { Probes } from "./probes.ts";
import { checkAccounts } from "./x.ts";

export interface Examination {
  workspace: Workspace;
  /** This client and what all share; without it, every client. */
  only: string | undefined;
  /** What is wrong with the variables, one sentence each. */
  settingsProblems: readonly string[];
  probes: Probes;
  /** The tick's clock, and the real time of this machine. */
  now: Date;
  machineClock: Clock;
  deadlineSeconds: number;
}

/** Asks every service at the same time, and each one only to read. What all clients share comes first, then client by client. */
export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { workspace, only } = examination;
  const clients = workspace.clients.filter(({ id }) => only === undefined || id === only);
  const found = await Promise.all([
    checkFiles(workspace),
    settingsFindings(examination),
    ledgerFindings(examination, clients),
    limiterFindings(examination),
    modelFindings(examination, clients),
    checkWorkflow({ ...examination, read: examination.probes.workflow, machineNow: examination.machineClock() }),
    accountFindings(examination, clients),
    checkLimits(workspace, clients, examination.now),
  ]);
  const wanted = found.flat().filter(({ scope }) => only === undefined || scope === only || scope === everything);
  return wanted.toSorted((one, other) => rank(one) - rank(other) || compare(one.scope, other.scope));
}

function settingsFindings({ settingsProblems, probes }: Examination): readonly Finding[] {
  const fix = "set or unset the variables named; .env.example lists them all";
  if (settingsProblems.length > 0) return settingsProblems.map((problem) => shared("settings", failed(problem, fix)));
  const mode = Object.entries(probes.mode).map(([service, kind]) => `${service}: ${kind}`);
  return [shared("settings", ok(mode.join(", ")))];
}

async function ledgerFindings(examination: Examination, clients: readonly Client[]): Promise<readonly Finding[]> {
  const { ledger, migrations } = examination.probes;
  if (ledger === undefined) return [shared("ledger", skipped("the sandbox's ledger is made by the first run"))];
  return checkLedger({ ...examination, ledger, files: migrations, clients });
}

async function limiterFindings({ probes, deadlineSeconds }: Examination): Promise<readonly Finding[]> {
  if (probes.limiter === undefined) {
    return [shared("limiter", skipped("no Upstash: Postgres keeps the rate limits, as in the sandbox"))];
  }
  const fixes = {
    config: "copy UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN anew, and not the read-only token",
    else: "see that the database exists in Upstash's console; until it answers, Postgres keeps the rate limits",
  };
  const asked = await attempt({ asked: "Upstash", fixes, deadlineSeconds, work: probes.limiter });
  return [shared("limiter", "failure" in asked ? asked.failure : ok("Upstash answers, and the token may run scripts"))];
}

function modelFindings(examination: Examination, clients: readonly Client[]): Promise<readonly Finding[]> {
  const { workspace, probes } = examination;
  return checkModels({ ...examination, prices: workspace.prices, model: probes.model, clients });
}

function accountFindings(examination: Examination, clients: readonly Client[]): Promise<readonly Finding[]> {
  const { workspace, probes, deadlineSeconds } = examination;
  const { prices } = workspace;
  const ownModel = async (client: Client, apiKey: string) => {
    const [name] = client.models;
    if (name === undefined) return skipped("the client names no model");
    return modelVerdict(name, { model: await probes.openModel(apiKey), prices, deadlineSeconds });
  };
  return checkAccounts({ clients, prices, deadlineSeconds, open: probes.open, account: probes.account, ownModel });
}

function shared(check: string, verdict: Verdict): Finding {
  return { scope: everything, check, ...verdict };
}

const rank = ({ scope }: Finding) => (scope === everything ? 0 : 1);

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
