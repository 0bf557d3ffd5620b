import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { XGrant } from "../../src/sandbox/x-authorisations.ts";
import type { Fault, FaultRequest } from "../../src/sandbox/x-faults.ts";
import { startXSandbox } from "../../src/sandbox/x-server.ts";
import { type Granted, startAuthorisation } from "../../src/vendors/x-connect.ts";
import { hangDeadlineMs } from "../contracts/x-fixture.ts";

const app = { appKey: "the-app-key", appSecret: "canary-app-secret" };
const grant: XGrant = {
  xUserId: "42",
  handle: "acme_inc",
  accessToken: "42-canary-token",
  accessSecret: "canary-secret",
};
const clock = () => new Date();

async function open({
  faults,
  given = app,
  deadlineMs = 30_000,
}: {
  faults?: (request: FaultRequest) => Fault | undefined;
  given?: typeof app;
  deadlineMs?: number;
} = {}) {
  const x = await startXSandbox({ clock, app, accounts: () => undefined, ...(faults && { faults }) });
  onTestFinished(() => x.close());
  const start = () => startAuthorisation({ app: given, handle: "acme_inc", apiUrl: x.url, clock, deadlineMs });
  return { x, start };
}

/** A server in X's place that gives these answers by path. */
async function answering(answers: Readonly<Record<string, string>>) {
  const server = createServer((request, response) => {
    const type = request.url?.startsWith("/2/") ? "application/json" : "text/html";
    response.writeHead(200, { "content-type": type }).end(answers[request.url ?? ""] ?? "{}");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return () => startAuthorisation({ app, handle: "acme_inc", apiUrl, clock });
}

test("the link leads to X's page for this app, which asks the right account to sign in", async () => {
  const { start, x } = await open();
  const { link } = await start();
  const { origin, pathname, searchParams } = new URL(link);
  expect(origin + pathname).toBe("https://api.x.com/oauth/authorize");
  expect(Object.fromEntries(searchParams)).toEqual({
    oauth_token: expect.stringMatching(/^[\w-]{20,}$/),
    force_login: "true",
    screen_name: "acme_inc",
  });
  expect(link).not.toContain("canary");
  expect(x.requests("POST", "/oauth/request_token")).toBe(1);
});

test.for<{ access: NonNullable<XGrant["access"]>; mayWrite: boolean }>([
  { access: "read-write", mayWrite: true },
  { access: "read-write-directmessages", mayWrite: true },
  { access: "read", mayWrite: false },
])("the PIN is traded for tokens, whose account and right ($access) X itself tells", async ({ access, mayWrite }) => {
  const { start, x } = await open();
  const { link, complete } = await start();
  const granted = await complete(x.authorise(link, { ...grant, access }));
  expect(granted).toEqual<Granted>({
    accessToken: grant.accessToken,
    accessSecret: grant.accessSecret,
    xUserId: "42",
    handle: "acme_inc",
    mayWrite,
  });
});

test("where X does not tell the right, it is unknown", async () => {
  const start = await answering({
    "/oauth/request_token": "oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=true",
    "/oauth/access_token": "oauth_token=c&oauth_token_secret=d",
    "/2/users/me": JSON.stringify({ data: { id: "42", username: "acme" } }),
  });
  expect(await (await start()).complete("1234567")).toMatchObject({ xUserId: "42", mayWrite: undefined });
});

test("a PIN opens once, and a wrong one ends its request", async () => {
  const { start, x } = await open();
  const first = await start();
  const pin = x.authorise(first.link, grant);
  await first.complete(pin);
  await expect(first.complete(pin)).rejects.toMatchObject({
    kind: "config",
    message: expect.stringContaining("used already"),
  });
  const second = await start();
  const right = x.authorise(second.link, grant);
  await expect(second.complete("1")).rejects.toMatchObject({
    kind: "config",
    message: expect.stringContaining("mistyped"),
  });
  await expect(second.complete(right)).rejects.toMatchObject({ kind: "config" });
});

test("a PIN before anybody said yes is none", async () => {
  const { start } = await open();
  await expect((await start()).complete("1234567")).rejects.toMatchObject({ kind: "config" });
});

test.for([{ appKey: "another" }, { appSecret: "another" }])(
  "an app that X does not know gets no link: %j",
  async (change) => {
    const { start } = await open({ given: { ...app, ...change } });
    await expect(start()).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("check X_APP_KEY and X_APP_SECRET"),
    });
  },
);

const paths = ["/oauth/request_token", "/oauth/access_token", "/2/users/me"];
const downs: { what: string; fault: Fault; kind: string }[] = [
  { what: "resets the connection", fault: { kind: "reset" }, kind: "outcome-unknown" },
  { what: "hangs", fault: { kind: "hang", done: false }, kind: "outcome-unknown" },
  { what: "drips", fault: { kind: "drip", everyMs: 100 }, kind: "outcome-unknown" },
  { what: "cuts its answer", fault: { kind: "cut-body", afterBytes: 3 }, kind: "outcome-unknown" },
  {
    what: "is over capacity",
    fault: { kind: "answer", done: false, status: 503, body: "busy" },
    kind: "outcome-unknown",
  },
  { what: "wants a pause", fault: { kind: "answer", done: false, status: 429, body: {} }, kind: "rate-limited" },
];
test.for(paths.flatMap((path) => downs.map((down) => ({ path, ...down }))))(
  "when X $what at $path, it is $kind and tells no secret",
  async ({ path, fault, kind }) => {
    const { start, x } = await open({
      faults: (request) => (request.path === path ? fault : undefined),
      ...(["hang", "drip"].includes(fault.kind) && { deadlineMs: hangDeadlineMs }),
    });
    const error: unknown = await start()
      .then(({ link, complete }) => complete(x.authorise(link, grant)))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "PostingError", kind });
    expect(`${(error as Error).message} ${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain("canary");
  },
);

test.for([
  {
    what: "no tokens for the link",
    says: "the authorisation link: X answered 200",
    answers: { "/oauth/request_token": "oauth_token=&oauth_token_secret=b" },
  },
  {
    what: "no tokens for the PIN",
    says: "the tokens: X answered 200",
    answers: { "/oauth/request_token": "oauth_token=a&oauth_token_secret=b", "/oauth/access_token": "oauth_token=c" },
  },
  {
    what: "an account whose id is no number",
    says: "users/me: X answered 200",
    answers: {
      "/oauth/request_token": "oauth_token=a&oauth_token_secret=b",
      "/oauth/access_token": "oauth_token=c&oauth_token_secret=d",
      "/2/users/me": JSON.stringify({ data: { id: "4\u001b[2J", username: "acme" } }),
    },
  },
  {
    what: "an account whose handle is none",
    says: "users/me: X answered 200",
    answers: {
      "/oauth/request_token": "oauth_token=a&oauth_token_secret=b",
      "/oauth/access_token": "oauth_token=c&oauth_token_secret=d",
      "/2/users/me": JSON.stringify({ data: { id: "4", username: "a\u001b[2J" } }),
    },
  },
])("an answer with $what tells nothing", async ({ answers, says }) => {
  const start = await answering(answers as Record<string, string>);
  await expect(start().then(({ complete }) => complete("1234567"))).rejects.toMatchObject({
    kind: "outcome-unknown",
    message: says,
  });
});
