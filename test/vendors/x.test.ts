import { execFile } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { PostingError, UserError } from "../../src/errors.ts";
import type { SendResult } from "../../src/ports.ts";
import { sandboxAccount, sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { openXAccount } from "../../src/vendors/x.ts";
import { acme, noon, openX } from "../contracts/x-fixture.ts";

const text = "Fish & chips <fresh> at https://example.com/menu";
const soon = new Date(noon.getTime() + 600_000);
const late = new Date(noon.getTime() + 3_600_000);

interface Row {
  when: string;
  fault: Fault;
  expected: { kind: SendResult["kind"] } & Record<string, unknown>;
  isPublic: boolean;
}

const rows: readonly Row[] = [
  { when: "the answer is lost", fault: { kind: "lost-answer" }, expected: { kind: "unknown" }, isPublic: true },
  { when: "the connection is reset", fault: { kind: "reset" }, expected: { kind: "unknown" }, isPublic: false },
  {
    when: "a 201 is cut behind its id",
    fault: { kind: "cut-body", afterBytes: 40 },
    expected: { kind: "created" },
    isPublic: true,
  },
  {
    when: "a 201 is cut before its id",
    fault: { kind: "cut-body", afterBytes: 18 },
    expected: { kind: "unknown" },
    isPublic: true,
  },
  {
    when: "X hangs without a post",
    fault: { kind: "hang", done: false },
    expected: { kind: "unknown" },
    isPublic: false,
  },
  {
    when: "X hangs behind the post",
    fault: { kind: "hang", done: true },
    expected: { kind: "unknown" },
    isPublic: true,
  },
  ...([500, 502, 503, 504] as const).flatMap((status): Row[] => [
    {
      when: `${status} comes before the post`,
      fault: xFaults.serverError(status, false),
      expected: { kind: "unknown" },
      isPublic: false,
    },
    {
      when: `${status} comes after the post`,
      fault: xFaults.serverError(status, true),
      expected: { kind: "unknown" },
      isPublic: true,
    },
  ]),
  { when: "a 503 is HTML", fault: xFaults.htmlUnavailable, expected: { kind: "unknown" }, isPublic: false },
  { when: "a 200 has only errors", fault: xFaults.onlyErrors, expected: { kind: "unknown" }, isPublic: false },
  { when: "a 201 has no id", fault: xFaults.createdWithoutId, expected: { kind: "unknown" }, isPublic: true },
  {
    when: "15 minutes are used up",
    fault: xFaults.tooManyPerUser(soon),
    expected: { kind: "rate-limited", scope: "client", until: soon },
    isPublic: false,
  },
  {
    when: "the account's day is used up",
    fault: xFaults.tooManyPerDay("user", late),
    expected: { kind: "rate-limited", scope: "client", until: late },
    isPublic: false,
  },
  {
    when: "the app's day is used up",
    fault: xFaults.tooManyPerDay("app", late),
    expected: { kind: "rate-limited", scope: "all", until: late },
    isPublic: false,
  },
  {
    when: "a 429 has no headers",
    fault: xFaults.tooManyWithoutHeaders,
    expected: { kind: "rate-limited", scope: "client", until: new Date(noon.getTime() + 900_000) },
    isPublic: false,
  },
  {
    when: "the token is revoked",
    fault: xFaults.unauthorized,
    expected: { kind: "rejected", concerns: "credential" },
    isPublic: false,
  },
  { when: "credits are gone", fault: xFaults.outOfCredit, expected: { kind: "out-of-credit" }, isPublic: false },
  { when: "the text is a duplicate", fault: xFaults.duplicate, expected: { kind: "duplicate" }, isPublic: false },
  {
    when: "the account is suspended",
    fault: xFaults.suspended,
    expected: { kind: "rejected", concerns: "account" },
    isPublic: false,
  },
  {
    when: "the app may only read",
    fault: xFaults.readOnlyApp,
    expected: { kind: "rejected", concerns: "account" },
    isPublic: false,
  },
  {
    when: "the app is not enrolled",
    fault: xFaults.clientForbidden,
    expected: { kind: "rejected", concerns: "app" },
    isPublic: false,
  },
  {
    when: "the authentication is of the wrong kind",
    fault: xFaults.unsupportedAuthentication,
    expected: { kind: "rejected", concerns: "app" },
    isPublic: false,
  },
  {
    when: "X does not permit it",
    fault: xFaults.notPermitted,
    expected: { kind: "rejected", concerns: "content" },
    isPublic: false,
  },
  {
    when: "the reply is not allowed",
    fault: xFaults.replyNotAllowed,
    expected: { kind: "rejected", concerns: "content" },
    isPublic: false,
  },
  {
    when: "the request is invalid",
    fault: xFaults.invalidRequest,
    expected: { kind: "rejected", concerns: "content" },
    isPublic: false,
  },
];

test.for(rows)("a send is classified when $when", async ({ fault, expected, isPublic }) => {
  const { x, account } = await openX({ faults: () => fault, sendDeadlineMs: 700 });
  const result = await account.send({ text, madeWithAi: false });
  expect(result).toMatchObject(expected);
  expect(x.posts()).toHaveLength(isPublic ? 1 : 0);
  expect(x.requests("POST", "/2/tweets"), "one send, no retry").toBe(1);
  if (result.kind === "created") expect(result.postId).toBe(x.posts()[0]?.id);
});

test("a created post is public once, with its id and what the headers say of the limits", async () => {
  const { x, account } = await openX();
  const result = await account.send({ text, madeWithAi: false });
  expect(result).toMatchObject({ kind: "created", postId: x.posts()[0]?.id });
  expect(result.windows).toEqual([
    { scope: "client", remaining: 99, resetAt: new Date(noon.getTime() + 900_000) },
    { scope: "all", remaining: 9999, resetAt: new Date(noon.getTime() + 86_400_000) },
  ]);
});

test("made_with_ai is sent only when asked for", async () => {
  const { x, account } = await openX();
  await account.send({ text: "one", madeWithAi: true });
  await account.send({ text: "two", madeWithAi: false });
  expect(x.posts().map((post) => [post.text, post.madeWithAi])).toEqual([
    ["two", false],
    ["one", true],
  ]);
});

test("a dripping answer ends at the deadline, however often a byte comes", async () => {
  const { account, x } = await openX({ faults: () => ({ kind: "drip", everyMs: 50 }), sendDeadlineMs: 600 });
  const startedAt = performance.now();
  const result = await account.send({ text, madeWithAi: false });
  expect(performance.now() - startedAt).toBeLessThan(2000);
  expect(["created", "unknown"]).toContain(result.kind);
  expect(x.posts()).toHaveLength(1);
});

test("a refused connection was never sent", async () => {
  const { x, open } = await openX();
  const account = open(sandboxCredentials(acme));
  await x.close();
  expect(await account.send({ text, madeWithAi: false })).toMatchObject({ kind: "unsent", windows: [] });
  const byName = openXAccount({
    credentials: sandboxCredentials(acme),
    apiUrl: x.url.replace("127.0.0.1", "localhost"),
    clock: () => noon,
  });
  expect(await byName.send({ text, madeWithAi: false })).toMatchObject({
    kind: "unsent",
    reason: "X could not be reached (ECONNREFUSED)",
  });
  await expect(account.whoAmI()).rejects.toMatchObject({ kind: "unavailable" });
}, 10_000);

test("a name that does not resolve was never sent", async () => {
  const account = openXAccount({
    credentials: sandboxCredentials(acme),
    apiUrl: "http://x.invalid",
    clock: () => noon,
  });
  expect(await account.send({ text, madeWithAi: false })).toMatchObject({ kind: "unsent" });
});

test("an https address is spoken to by TLS, and a broken handshake stays unknown", async () => {
  const firstBytes: number[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      firstBytes.push(data[0] ?? -1);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const apiUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
  const account = openXAccount({ credentials: sandboxCredentials(acme), apiUrl, clock: () => noon });
  expect((await account.send({ text, madeWithAi: false })).kind).toBe("unknown");
  expect(firstBytes, "a TLS handshake record").toEqual([22]);
});

test.for(["ftp://x.example", "not an address", "https://x.example/proxy"])("%s is no address for X", (apiUrl) => {
  const open = () => openXAccount({ credentials: sandboxCredentials(acme), apiUrl, clock: () => noon });
  expect(open).toThrow(UserError);
});

test("a wrong secret is refused, and the reason holds no part of the credential", async () => {
  const { open, x } = await openX();
  const credentials = { ...sandboxCredentials(acme), accessSecret: "wrong-secret" };
  const result = await open(credentials).send({ text, madeWithAi: false });
  expect(result).toMatchObject({ kind: "rejected", concerns: "credential" });
  const said = JSON.stringify(result);
  for (const secret of Object.values(credentials)) expect(said).not.toContain(secret);
  expect(x.posts()).toHaveLength(0);
});

test("users/me names the account of the token", async () => {
  const { account } = await openX();
  expect(await account.whoAmI()).toEqual({ xUserId: "1001", handle: "acme" });
});

test("users/me shows when the token belongs to another account", async () => {
  const { account } = await openX({ faults: () => ({ kind: "wrong-account", xUserId: "666", handle: "other" }) });
  expect(await account.whoAmI()).toEqual({ xUserId: "666", handle: "other" });
});

test.for([
  { when: "the token is revoked", fault: xFaults.unauthorized, kind: "config" },
  { when: "the app is not enrolled", fault: xFaults.clientForbidden, kind: "config" },
  { when: "the request is invalid", fault: xFaults.invalidRequest, kind: "rejected" },
  { when: "credits are gone", fault: xFaults.outOfCredit, kind: "out-of-credit" },
  { when: "X is down", fault: xFaults.serverError(503, false), kind: "unavailable" },
  { when: "there are only errors", fault: xFaults.onlyErrors, kind: "unavailable" },
  { when: "X speaks of duplicates", fault: xFaults.duplicate, kind: "unavailable" },
  { when: "the answer is cut", fault: { kind: "cut-body", afterBytes: 10 }, kind: "unavailable" },
  { when: "X hangs", fault: { kind: "hang", done: false }, kind: "unavailable" },
] satisfies { when: string; fault: Fault; kind: string }[])(
  "reads throw PostingError($kind) when $when",
  async ({ fault, kind }) => {
    const { account } = await openX({ faults: () => fault, sendDeadlineMs: 500 });
    for (const read of [account.whoAmI(), account.postsSince({ xUserId: acme.xUserId, since: noon })]) {
      const error = await read.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PostingError);
      expect(error).toMatchObject({ kind });
    }
  },
);

test("a rate-limited read says when to come back", async () => {
  const { account } = await openX({ faults: () => xFaults.tooManyPerUser(soon) });
  await expect(account.whoAmI()).rejects.toMatchObject({ kind: "rate-limited", retryAt: soon });
});

test("the timeline gives texts back as they were written", async () => {
  const { account } = await openX();
  const texts = [
    text,
    "a bare example.com/a and &lt; kept",
    "Cafe\u0301 <b> &amp; \u{1f9d1}\u200d\u{1f527} https://a.co/?x=1&y=2 #tag",
  ];
  for (const one of texts) await account.send({ text: one, madeWithAi: false });
  const posts = await account.postsSince({ xUserId: acme.xUserId, since: noon });
  expect(posts.map((post) => post.text)).toEqual([
    "Café <b> &amp; \u{1f9d1}\u200d\u{1f527} https://a.co/?x=1&y=2 #tag",
    "a bare http://example.com/a and &lt; kept",
    text,
  ]);
  expect(posts[0]?.createdAt).toEqual(noon);
});

test("a long post comes back whole", async () => {
  const accounts = (token: string) => {
    const known = sandboxAccount(token);
    return known && { ...known, premium: true };
  };
  const { account } = await openX({ accounts });
  const long = `${"word ".repeat(100)}https://example.com/end`;
  expect(await account.send({ text: long, madeWithAi: false })).toMatchObject({ kind: "created" });
  const [post] = await account.postsSince({ xUserId: acme.xUserId, since: noon });
  expect(post?.text).toBe(long);
});

test("the timeline is read through all its pages, newest first, and from the instant on", async () => {
  const { account, clock, x } = await openX();
  await account.send({ text: "before", madeWithAi: false });
  clock.advance(60);
  const since = clock();
  for (let number = 0; number < 130; number += 1) {
    clock.advance(10);
    await account.send({ text: `post ${number}`, madeWithAi: false });
  }
  const posts = await account.postsSince({ xUserId: acme.xUserId, since });
  expect(posts.map((post) => post.text)).toEqual(Array.from({ length: 130 }, (_, index) => `post ${129 - index}`));
  expect(x.requests("GET", "/2/users/1001/tweets")).toBe(2);
});

test("a timeline without an end is no timeline", async () => {
  const page = { data: [{ id: "1", text: "a", created_at: noon.toISOString() }], meta: { next_token: "7" } };
  const { account } = await openX({ faults: () => ({ kind: "answer", done: false, status: 200, body: page }) });
  const read = account.postsSince({ xUserId: acme.xUserId, since: noon });
  await expect(read).rejects.toMatchObject({ kind: "unavailable" });
});

test("a timeline with a post that can't be read is no timeline", async () => {
  const body = { data: [{ id: "1", text: "a" }], meta: { result_count: 1 } };
  const { account } = await openX({ faults: () => ({ kind: "answer", done: false, status: 200, body }) });
  const read = account.postsSince({ xUserId: acme.xUserId, since: noon });
  await expect(read).rejects.toMatchObject({ kind: "unavailable" });
});

test("a process ends by itself after a send, long before the deadline", async () => {
  const { x } = await openX();
  const child = fileURLToPath(new URL("./x-child.ts", import.meta.url));
  const options = { timeout: 20_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", child, x.url], options);
  expect(stdout).toBe("created");
});
