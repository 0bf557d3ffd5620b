import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { connect, runConnect } from "../../src/commands/connect.ts";
import type { Context } from "../../src/commands/context.ts";
import { UserError } from "../../src/errors.ts";
import { openCredentials } from "../../src/post/seal.ts";
import type { XGrant } from "../../src/sandbox/x-authorisations.ts";
import type { Fault, FaultRequest } from "../../src/sandbox/x-faults.ts";
import { startXSandbox, type XSandbox } from "../../src/sandbox/x-server.ts";
import { decryptWith } from "../../src/vendors/age.ts";
import { appKeys, createWorkspace, type TestClient, type TestWorkspace } from "../support/workspace.ts";

const canaries = ["canary-new-token", "canary-new-secret", appKeys.appSecret];
let workspace: TestWorkspace;
let acme: TestClient;
let before: string;

beforeEach(async () => {
  workspace = await createWorkspace();
  acme = await workspace.addClient("acme");
  before = await fileText();
});
afterEach(() => workspace.remove());

const fileText = () => readFile(join(workspace.root, "clients/acme.yaml"), "utf8");
const grantOf = (change: Partial<XGrant> = {}): XGrant => ({
  xUserId: acme.xUserId,
  handle: acme.handle,
  accessToken: "7-canary-new-token",
  accessSecret: "canary-new-secret",
  ...change,
});

async function openX(faults?: (request: FaultRequest) => Fault | undefined): Promise<XSandbox> {
  const clock = () => new Date();
  const x = await startXSandbox({ clock, app: appKeys, accounts: () => undefined, ...(faults && { faults }) });
  onTestFinished(() => x.close());
  return x;
}

interface Visit {
  client?: string;
  /** What the person does with the link; answers with what is typed. */
  person?: (x: XSandbox, link: string) => string;
  faults?: (request: FaultRequest) => Fault | undefined;
  app?: { appKey: string; appSecret: string };
  stopping?: AbortSignal;
}

/** Runs the command with a person at the other end, and says what was shown, thrown and hidden. */
async function visit(wanted: Visit = {}) {
  const x = await openX(wanted.faults);
  const { person = (sandbox, link) => sandbox.authorise(link, grantOf()) } = wanted;
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = "";
  output.on("data", (chunk) => {
    shown += String(chunk);
    const [link] = /https:\/\/\S+/.exec(shown) ?? [];
    if (link !== undefined) input.end(`${person(x, link)}\n`);
  });
  const hidden: string[] = [];
  const outcome = await runConnect({
    root: workspace.root,
    client: wanted.client ?? "acme",
    app: wanted.app ?? appKeys,
    apiUrl: x.url,
    clock: () => new Date(),
    input,
    output,
    stopping: wanted.stopping ?? new AbortController().signal,
    onSecret: (secret) => hidden.push(secret),
  }).then(
    (said) => ({ said, error: undefined }),
    (error: unknown) => ({ said: undefined, error }),
  );
  return { ...outcome, shown, hidden, x };
}

async function expectRefused(result: Awaited<ReturnType<typeof visit>>, says: readonly (string | RegExp)[]) {
  expect(result.error).toBeInstanceOf(UserError);
  const { message, stack } = result.error as UserError;
  for (const words of says) expect(message).toMatch(words);
  for (const canary of canaries) expect(`${message} ${stack} ${result.shown}`).not.toContain(canary);
  expect(await fileText()).toBe(before);
  expect(await readdir(join(workspace.root, "clients"))).toEqual(["_defaults.yaml", "_prices.yaml", "acme.yaml"]);
}

async function opened() {
  const { sealed } = parse(await fileText()).credentials;
  return openCredentials(sealed, "acme", (block) => decryptWith(workspace.identity, block));
}

test("the account that is the client's says yes: its tokens are sealed, and shown nowhere", async () => {
  const { said, shown, hidden } = await visit();
  expect(await opened()).toEqual({ x: { accessToken: "7-canary-new-token", accessSecret: "canary-new-secret" } });
  expect(said?.split("\n")).toEqual([
    `@${acme.handle} (X user ${acme.xUserId}) lets this app post. Sealed the tokens of acme into clients/acme.yaml; commit that file.`,
    "They replace what was sealed there: an app key or OpenAI key of the client's own must be sealed again.",
  ]);
  expect(shown).toContain(`sign in to X as @${acme.handle}:\n   https://api.x.com/oauth/authorize?oauth_token=`);
  for (const canary of canaries) expect(`${said} ${shown}`).not.toContain(canary);
  expect(hidden).toEqual([appKeys.appSecret, "7-canary-new-token", "canary-new-secret"]);
  const { credentials, ...rest } = parse(await fileText());
  expect({ ...rest, credentials: expect.anything() }).toEqual({ ...parse(before), credentials: expect.anything() });
  expect(credentials.sealed).not.toContain("canary");
});

test("a client without a block gets one, and a handle that has changed is told", async () => {
  await workspace.editClient("acme", { credentials: undefined });
  const { said } = await visit({ person: (x, link) => x.authorise(link, grantOf({ handle: "acme_renamed" })) });
  expect((await opened()).x.accessToken).toBe("7-canary-new-token");
  expect(said).toContain(`The file calls the account @${acme.handle}: correct handle.`);
  expect(said).not.toContain("replace");
});

test("another account that says yes is refused, with both names and what to do", async () => {
  const other = grantOf({ xUserId: "666", handle: "somebody" });
  await expectRefused(await visit({ person: (x, link) => x.authorise(link, other) }), [
    `@somebody (X user 666) said yes, but acme is @${acme.handle} (X user ${acme.xUserId}): nothing was written`,
    `Sign in to X as @${acme.handle} and run connect acme again`,
    "Only if acme really is X user 666: correct x_user_id in clients/acme.yaml first",
  ]);
});

test("the right handle with another id is another account", async () => {
  await expectRefused(await visit({ person: (x, link) => x.authorise(link, grantOf({ xUserId: "666" })) }), [
    /X user 666/,
  ]);
});

test("tokens that may only read are refused, with the fix", async () => {
  await expectRefused(await visit({ person: (x, link) => x.authorise(link, grantOf({ access: "read" })) }), [
    "read only: nothing was written",
    "Set the app to read and write in X's developer console, then run connect acme again",
  ]);
});

describe("what goes wrong on the way leaves the file as it was", () => {
  test.for<{ what: string; visit: Visit; says: string }>([
    {
      what: "a wrong PIN",
      visit: { person: (x, link) => `1${x.authorise(link, grantOf())}` },
      says: "does not take this PIN",
    },
    { what: "a PIN before the yes", visit: { person: () => "1234567" }, says: "does not take this PIN" },
    { what: "no PIN at all", visit: { person: () => "" }, says: "this is no PIN" },
    {
      what: "an unknown app",
      visit: { app: { ...appKeys, appKey: "other" } },
      says: "check X_APP_KEY and X_APP_SECRET",
    },
    { what: "an unknown client", visit: { client: "globex" }, says: "there is no clients/globex.yaml" },
    { what: "an id that is none", visit: { client: "../acme" }, says: "lower-case letters" },
    {
      what: "X down at the link",
      visit: { faults: ({ path }) => (path === "/oauth/request_token" ? { kind: "reset" } : undefined) },
      says: "nothing was written: X did not answer",
    },
    {
      what: "X down at the PIN",
      visit: { faults: ({ path }) => (path === "/oauth/access_token" ? { kind: "reset" } : undefined) },
      says: "nothing was written: X did not answer",
    },
    {
      what: "X down at the proof",
      visit: { faults: ({ path }) => (path === "/2/users/me" ? { kind: "lost-answer" } : undefined) },
      says: "nothing was written: X did not answer",
    },
    { what: "a stop", visit: { stopping: AbortSignal.abort() }, says: "stopped; nothing was written" },
  ])("$what", async ({ visit: wanted, says }) => {
    await expectRefused(await visit(wanted), [says]);
  });

  test("a PIN that was used for an earlier link", async () => {
    let used = "";
    const first = (x: XSandbox, link: string) => {
      used = x.authorise(link, grantOf());
      return used;
    };
    expect((await visit({ person: first })).error).toBeUndefined();
    before = await fileText();
    await expectRefused(await visit({ person: () => used }), ["does not take this PIN"]);
  });

  test("a client whose file has an error is told before X is asked", async () => {
    await workspace.editClient("acme", { x_user_id: "not a number" });
    before = await fileText();
    const result = await visit();
    await expectRefused(result, [
      /acme can't be connected before its files are mended.*clients\/acme\.yaml:\d+:\d+ x_user_id must be/,
    ]);
    expect(result.x.requests("POST", "/oauth/request_token")).toBe(0);
  });
});

test("without the app's keys there is nothing to connect to, and the message names them", async () => {
  const context = { arguments: { root: workspace.root, positionals: ["acme"] }, environment: {} } as unknown as Context;
  await expect(connect(context)).rejects.toThrow(/X_APP_KEY and X_APP_SECRET/);
});

/** The command in a process of its own; `answer` is given the link and the process. */
async function start(
  x: XSandbox,
  answer: (link: string, child: ChildProcessWithoutNullStreams) => void,
  inActions = false,
) {
  const main = join(import.meta.dirname, "../../src/main.ts");
  const { appKey: X_APP_KEY, appSecret: X_APP_SECRET } = appKeys;
  const env = {
    PATH: process.env.PATH ?? "",
    X_APP_KEY,
    X_APP_SECRET,
    X_API_URL: x.url,
    GITHUB_ACTIONS: String(inActions),
  };
  const child = spawn(process.execPath, [main, "connect", "acme", "--root", workspace.root], { env });
  const stdout = text(child.stdout);
  let [stderr, isAnswered] = ["", false];
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
    const [link] = /https:\/\/\S+(?=\n)/.exec(stderr) ?? [];
    if (link === undefined || isAnswered) return;
    isAnswered = true;
    answer(link, child);
  });
  await once(child, "close");
  return { code: child.exitCode, stdout: await stdout, stderr };
}

test("the command itself seals the tokens and prints no secret", async () => {
  const x = await openX();
  const { code, stdout, stderr } = await start(x, (link, { stdin }) => stdin.end(`${x.authorise(link, grantOf())}\n`));
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("Authorise the app") });
  expect(stdout).toContain("Sealed the tokens of acme into clients/acme.yaml");
  for (const canary of canaries) expect(`${stdout} ${stderr}`).not.toContain(canary);
  expect((await opened()).x.accessSecret).toBe("canary-new-secret");
});

test("in GitHub Actions every secret is masked, and stands in no other line", async () => {
  const x = await openX();
  const { stdout, stderr } = await start(x, (link, { stdin }) => stdin.end(`${x.authorise(link, grantOf())}\n`), true);
  const lines = `${stdout}${stderr}`.split("\n").filter((line) => canaries.some((canary) => line.includes(canary)));
  const secrets = [appKeys.appSecret, "7-canary-new-token", "canary-new-secret"];
  expect(lines).toEqual(secrets.map((secret) => `::add-mask::${secret}`));
});

test("a signal while the command waits for the PIN ends it, and nothing is written", async () => {
  const { code, stdout, stderr } = await start(await openX(), (_link, child) => child.kill("SIGINT"));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("stopped; nothing was written");
  expect(await fileText()).toBe(before);
});
