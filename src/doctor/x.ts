import type { XAccount } from "../ports.ts";
import type { OpenedCredentials } from "../post/seal.ts";
import { money } from "../record/format.ts";
import type { Client, Prices } from "../terms.ts";
import { type Attempt, attempt, eachOf, type Finding, failed, ok, skipped, type Verdict, warning } from "./check.ts";

export interface AccountChecks {
  clients: readonly Client[];
  prices: Prices;
  /** Missing without CLARA_IDENTITY. */
  open: ((client: Client) => Promise<OpenedCredentials>) | undefined;
  /** Missing where the sandbox stands in for X. */
  account: ((opened: OpenedCredentials) => Promise<Pick<XAccount, "whoAmI">>) | undefined;
  /** Whether a client's own key for its model works. */
  ownModel: (client: Client, apiKey: string) => Promise<Verdict>;
  deadlineSeconds: number;
}

/** Whether each client's sealed block opens here, and whose account on X it opens. One read of users/me per client. */
export async function checkAccounts(checks: AccountChecks): Promise<readonly Finding[]> {
  return (await eachOf(checks.clients, (client) => checkClient(client, checks))).flat();
}

async function checkClient(client: Client, checks: AccountChecks): Promise<readonly Finding[]> {
  const finding = (check: string, verdict: Verdict): Finding => ({ scope: client.id, check, ...verdict });
  const { open, account: realX } = checks;
  if (client.sealed === undefined) {
    const none = realX === undefined ? skipped("no sealed block: the sandbox needs none") : withoutBlock(client);
    return [finding("sealed", none)];
  }
  if (open === undefined) return [finding("sealed", skipped("the block is not opened: CLARA_IDENTITY is not set"))];
  const { deadlineSeconds } = checks;
  const opened = await attempt({
    asked: "the sealed block",
    fixes: { else: connectAgain(client, "or set CLARA_IDENTITY to the identity that it was sealed for") },
    deadlineSeconds,
    work: () => open(client),
  });
  if ("failure" in opened) return [finding("sealed", opened.failure)];
  const { openaiApiKey } = opened.value;
  const [account, own] = await Promise.all([
    accountVerdicts(client, opened.value, checks),
    openaiApiKey === undefined ? undefined : checks.ownModel(client, openaiApiKey),
  ]);
  return [
    finding("sealed", ok("the sealed block opens and belongs to this client")),
    ...account.map(({ check, ...verdict }) => finding(check, verdict)),
    ...(own === undefined ? [] : [finding("own model key", own)]),
  ];
}

function withoutBlock({ id, status }: Client): Verdict {
  if (status !== "active")
    return skipped(`no sealed block yet: it is needed before \`status: active\`, and this is ${status}`);
  return failed("no sealed block, so nothing can be sent", `run \`npm start -- connect ${id}\``);
}

function connectAgain({ id }: Client, otherwise: string): string {
  return `run \`npm start -- connect ${id}\`, ${otherwise}`;
}

async function accountVerdicts(
  client: Client,
  opened: OpenedCredentials,
  { account, prices, deadlineSeconds }: AccountChecks,
): Promise<readonly (Verdict & { check: string })[]> {
  if (account === undefined) return [{ check: "account", ...skipped("the sandbox stands in for X here") }];
  const work = async () => (await account(opened)).whoAmI();
  const asked = await attempt({ asked: "X", fixes: fixesOf(client), deadlineSeconds, work });
  if ("failure" in asked) return [{ check: "account", ...asked.failure }];
  const { xUserId, handle, mayWrite } = asked.value;
  const costs = `the read cost ${money(prices.x.readUserUsd)}`;
  return [
    { check: "account", ...ownership(client, { xUserId, handle, costs }) },
    { check: "access", ...accessVerdict(client, mayWrite) },
  ];
}

function ownership(
  client: Client,
  { xUserId, handle, costs }: { xUserId: string; handle: string; costs: string },
): Verdict {
  if (xUserId !== client.xUserId) {
    const says = `the sealed tokens belong to X user ${xUserId} (@${handle}), and x_user_id is ${client.xUserId}`;
    return failed(says, connectAgain(client, "signed in as the right account, or correct x_user_id"));
  }
  if (handle.toLowerCase() !== client.handle.toLowerCase()) {
    return warning(
      `X calls the account @${handle}, and the file @${client.handle}`,
      "correct handle in the client's file",
    );
  }
  return ok(`X answers, and the tokens belong to @${handle}; ${costs}`);
}

function accessVerdict(client: Client, mayWrite: boolean | undefined): Verdict {
  if (mayWrite === undefined) return skipped("X does not say what the tokens may do");
  if (mayWrite) return ok("the tokens may write");
  const fix = `set the app to "Read and write" in X's developer console, and make new tokens: run \`npm start -- connect ${client.id}\``;
  return failed("the tokens may only read", fix);
}

const fixesOf = (client: Client): Attempt<unknown>["fixes"] => ({
  config: `see in X's developer console and in the account itself what X means; when the tokens were revoked, ${connectAgain(client, "which makes new ones")}`,
  "out-of-credit": "add credit in X's developer console",
  "rate-limited": "wait, and try again: nothing needs mending",
  else: "look at X's status page, and try again",
});
