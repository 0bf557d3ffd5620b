import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { openXAccount } from "../../src/vendors/x.ts";
import { acme, noon, openX } from "../contracts/x-fixture.ts";

const text = "Fish & chips <fresh> at https://example.com/menu";

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
  // At a byte a second the whole answer takes more than a minute.
  const { account, x } = await openX({ faults: () => ({ kind: "drip", everyMs: 1000 }), sendDeadlineMs: 2500 });
  const startedAt = performance.now();
  const result = await account.send({ text, madeWithAi: false });
  expect(performance.now() - startedAt).toBeLessThan(20_000);
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

test("a process ends by itself after a send, long before the deadline", async () => {
  const { x } = await openX();
  const child = fileURLToPath(new URL("./x-child.ts", import.meta.url));
  const options = { timeout: 45_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", child, x.url], options);
  expect(stdout).toBe("created");
});

test("another host is asked as api.x.com would be, and for an answer that is not compressed", async () => {
  const seen: Record<string, string | undefined>[] = [];
  const server = createServer(({ headers, method, url }, response) => {
    seen.push({ request: `${method} ${url}`, host: headers.host, encoding: headers["accept-encoding"]?.toString() });
    response.writeHead(201, { "content-type": "application/json" }).end('{"data":{"id":"8","text":"a"}}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const account = openXAccount({ credentials: sandboxCredentials(acme), apiUrl, clock: () => noon });
  expect(await account.send({ text, madeWithAi: false })).toEqual({ kind: "created", postId: "8", windows: [] });
  expect(seen).toEqual([{ request: "POST /2/tweets", host: "api.x.com", encoding: undefined }]);
});
