import { loadWorkspace } from "../clients/load.ts";
import { UserError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { readSettings } from "../settings.ts";
import type { Client, Problem, Workspace } from "../terms.ts";
import type { Granted } from "../vendors/x-connect.ts";
import type { Context } from "./context.ts";
import type { CredentialsInput } from "./read-credentials.ts";
import { readPin } from "./read-pin.ts";
import { asUserError, openSealedFile, type SealedFile } from "./sealed-file.ts";

export interface ConnectOptions extends CredentialsInput {
  /** Folder that holds clients/. */
  root: string;
  client: string;
  app: { appKey: string; appSecret: string };
  apiUrl?: string;
  clock: Clock;
  stopping: AbortSignal;
  /** Called with every secret, so that logs and Actions can mask it. */
  onSecret(secret: string): void;
}

/** The command: asks on standard error, and says on standard output what was done. */
export async function connect(context: Context): Promise<number> {
  const { arguments: given, environment, clock, log, host, stopping } = context;
  const { x } = readSettings(environment).settings;
  if (x.kind === "sandbox") {
    throw new UserError(
      "connect asks X for access to an account, so it needs the app's X_APP_KEY and X_APP_SECRET; the sandbox needs no access and has none to give",
    );
  }
  const { appKey, appSecret, apiUrl } = x;
  const said = await runConnect({
    root: given.root,
    client: given.positionals[0] ?? "",
    app: { appKey, appSecret },
    ...(apiUrl !== undefined && { apiUrl }),
    clock,
    stopping,
    input: process.stdin,
    output: process.stderr,
    onSecret: (secret) => {
      log.hide([secret]);
      host?.mask(secret);
    },
  });
  context.write(`${said}\n`);
  return 0;
}

/**
 * Lets the client's account give the app access on X's own page, and seals the tokens into the client's file.
 * @throws UserError when another account says yes, when it gives no right to write, or when anything else is in the way;
 * the file then is as it was.
 */
export async function runConnect(options: ConnectOptions): Promise<string> {
  const { root, client: id, app, apiUrl, clock, output, stopping, onSecret } = options;
  const workspace = await loadWorkspace(root);
  // First: an id that is none must not lead anywhere, and nobody is asked for access that cannot be stored.
  const file = await openSealedFile({ root, client: id, recipients: workspace.defaults.recipients });
  const client = usableClient(workspace, id);
  onSecret(app.appSecret);
  const { startAuthorisation } = await import("../vendors/x-connect.ts");
  const where = { app, handle: client.handle, clock, ...(apiUrl !== undefined && { apiUrl }) };
  const { link, complete } = await nothingWritten(startAuthorisation(where));
  output.write(invitation(client, link));
  const granted = await nothingWritten(complete(await readPin(options, stopping)));
  for (const secret of [granted.accessToken, granted.accessSecret]) onSecret(secret);
  if (stopping.aborted) throw new UserError("stopped; nothing was written");
  refuseUnusable(client, granted);
  await file.seal({ access_token: granted.accessToken, access_secret: granted.accessSecret });
  return report(client, granted, file);
}

function usableClient({ clients, problems }: Workspace, id: string): Client {
  const client = clients.find((each) => each.id === id);
  if (client !== undefined) return client;
  const errors = problems.filter(({ severity }) => severity === "error");
  const isShared = ({ file }: Problem) => !/^clients\/[^_]/.test(file);
  const first = errors.find(({ file }) => file === `clients/${id}.yaml`) ?? errors.find(isShared);
  const where = first === undefined ? "" : `: ${first.file}:${first.line}:${first.column} ${first.message}`;
  throw new UserError(`${id} can't be connected before its files are mended (run validate)${where}`);
}

function invitation({ id, handle }: Client, link: string): string {
  return [
    `To let this app post for ${id}:`,
    `1. Open this page and sign in to X as @${handle}:`,
    `   ${link}`,
    "2. Authorise the app. X then shows a PIN; give it here within some minutes.",
    "",
  ].join("\n");
}

/** Another account, or one that may not write, is refused: each post would fail later, or appear somewhere else. */
function refuseUnusable({ id, handle, xUserId }: Client, granted: Granted): void {
  if (granted.xUserId !== xUserId) {
    throw new UserError(
      [
        `@${granted.handle} (X user ${granted.xUserId}) said yes, but ${id} is @${handle} (X user ${xUserId}): nothing was written.`,
        `Sign in to X as @${handle} and run connect ${id} again. @${granted.handle} can take its yes back in X's settings, under connected apps.`,
        `Only if ${id} really is X user ${granted.xUserId}: correct x_user_id in clients/${id}.yaml first.`,
      ].join("\n"),
    );
  }
  if (granted.mayWrite === false) {
    throw new UserError(
      `@${granted.handle} said yes, but the app asks for the right to read only: nothing was written. Set the app to read and write in X's developer console, then run connect ${id} again; a yes given before does not count for it.`,
    );
  }
}

function report({ id, handle }: Client, granted: Granted, file: SealedFile): string {
  const isRenamed = granted.handle.toLowerCase() !== handle.toLowerCase();
  return [
    `@${granted.handle} (X user ${granted.xUserId}) lets this app post. Sealed the tokens of ${id} into ${file.name}; commit that file.`,
    ...(file.hasBlock
      ? ["They replace what was sealed there: an app key or OpenAI key of the client's own must be sealed again."]
      : []),
    ...(granted.mayWrite === undefined ? ["X did not say whether they may write; the first post will show it."] : []),
    ...(isRenamed ? [`The file calls the account @${handle}: correct handle.`] : []),
  ].join("\n");
}

function nothingWritten<T>(work: Promise<T>): Promise<T> {
  return asUserError(work, "nothing was written: ");
}
