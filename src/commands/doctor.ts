import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadWorkspace } from "../clients/load.ts";
import { deadlineSeconds as defaultDeadline, type Finding } from "../doctor/check.ts";
import { examine } from "../doctor/doctor.ts";
import { countsOf, doctorIssues, doctorLines, doctorSummary } from "../doctor/words.ts";
import { UserError } from "../errors.ts";
import { openProbes } from "../open-probes.ts";
import { readSettings } from "../settings.ts";
import { type Context, jsonLine } from "./context.ts";
import { hide, secretsIn } from "./run.ts";

/**
 * Checks files, keys, accounts, services and limits without posting, and says how to mend what is wrong. Exits 1 when
 * something failed. Reads X once per client, which costs `read_user`.
 */
export async function doctor(context: Context, deadlineSeconds: number = defaultDeadline): Promise<number> {
  const { environment, clock, host, write } = context;
  const { root, positionals, json, flags } = context.arguments;
  const [only] = positionals;
  const workspace = await loadWorkspace(root);
  if (only !== undefined && !workspace.clients.some(({ id }) => id === only) && !workspace.broken.has(only)) {
    throw new UserError(`there is no client ${only}: clients/${only}.yaml does not exist`, 2);
  }
  const { settings, problems: settingsProblems } = readSettings(environment);
  const secrets = [...secretsIn(settings), ...(environment.GITHUB_TOKEN ? [environment.GITHUB_TOKEN] : [])];
  const onSecret = (secret: string) => {
    secrets.push(secret);
    hide(context, secret);
  };
  for (const secret of secrets) hide(context, secret);
  const probes = await openProbes({ ...context, settings, deadlineSeconds, onSecret });
  try {
    const machineClock = () => new Date();
    const now = clock();
    const found = await examine({ workspace, only, settingsProblems, probes, now, machineClock, deadlineSeconds });
    const findings = found.map((finding) => withoutSecrets(finding, secrets));
    await host?.writeSummary(doctorSummary(findings));
    if (typeof flags.out === "string") await writeIssues(flags.out, findings, only);
    write(json ? jsonLine({ ...countsOf(findings), findings }) : doctorLines(findings));
    return findings.some(({ status }) => status === "failed") ? 1 : 0;
  } finally {
    await probes.close();
  }
}

/** A service may repeat in its refusal what it was sent. Shorter ones would replace words, and are no secrets. */
function withoutSecrets(finding: Finding, secrets: readonly string[]): Finding {
  const long = secrets.filter(({ length }) => length >= 8);
  return { ...finding, says: long.reduce((says, secret) => says.replaceAll(secret, "…"), finding.says) };
}

async function writeIssues(directory: string, findings: readonly Finding[], only: string | undefined): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "issues.json"), JSON.stringify(doctorIssues(findings, only)));
}
