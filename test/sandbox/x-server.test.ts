import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sandboxAccount, sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { startXSandbox } from "../../src/sandbox/x-server.ts";
import { openXAccount } from "../../src/vendors/x.ts";
import { acme, bolt, movableClock, noon, openX } from "../contracts/x-fixture.ts";
import { openRaw, rawRequest } from "../contracts/x-raw.ts";

function stateFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "clara-x-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "deep", "x.db");
}

test("the hundred-and-first post in 15 minutes is refused, and the next window opens", async () => {
  const { account, clock, x } = await openX();
  for (let number = 0; number < 100; number += 1) await account.send({ text: `post ${number}`, madeWithAi: false });
  const resetAt = new Date(noon.getTime() + 900_000);
  const refused = await account.send({ text: "one more", madeWithAi: false });
  expect(refused).toMatchObject({ kind: "rate-limited", scope: "client", until: resetAt });
  clock.advance(900);
  expect((await account.send({ text: "one more", madeWithAi: false })).kind).toBe("created");
  clock.advance(-7200);
  expect((await account.send({ text: "an earlier run", madeWithAi: false })).kind).toBe("created");
  expect(x.posts()).toHaveLength(102);
});

test("ids are digits that always grow, even where the clock goes back", async () => {
  const { account, clock, x } = await openX();
  for (const seconds of [0, 60, -600, 0]) {
    clock.advance(seconds);
    await account.send({ text: `at ${seconds} ${clock().getTime()} ${Math.random()}`, madeWithAi: false });
  }
  const ids = x.posts().map((post) => BigInt(post.id));
  expect(ids.every((id, index) => index === 0 || id < (ids[index - 1] ?? 0n))).toBe(true);
  expect(`${ids[0]}`).toMatch(/^\d{19}$/);
});

test.for([
  { when: "the token is unknown", change: { accessToken: "1-nobody" } },
  { when: "the token is no token", change: { accessToken: `1001-${Buffer.from("no json").toString("base64url")}` } },
  { when: "the token holds no handle", change: { accessToken: `1001-${Buffer.from("[1]").toString("base64url")}` } },
  { when: "the app's secret is wrong", change: { appSecret: "x" } },
  { when: "the app is another", change: { appKey: "x" } },
])("401 when $when", async ({ change }) => {
  const { open, x } = await openX();
  const account = open({ ...sandboxCredentials(acme), ...change });
  expect(await account.send({ text: "a", madeWithAi: false })).toMatchObject({ concerns: "credential" });
  expect(x.posts()).toHaveLength(0);
});

test("a request without a signature, or with a broken one, is refused", async () => {
  const { x, account } = await openX();
  expect((await fetch(`${x.url}/2/users/me`)).status).toBe(401);
  const headers = { authorization: 'OAuth oauth_token="%zz"' };
  expect((await fetch(`${x.url}/2/users/me`, { headers })).status).toBe(401);
  expect((await account.whoAmI()).xUserId).toBe("1001");
});

test("an endpoint that X does not have is 404", async () => {
  const { client } = await openRaw();
  expect((await rawRequest(client, "GET", "nothing/here")).status).toBe(404);
});

test("a post survives kill -9 of the process that served it", async () => {
  const file = stateFile();
  const child = fork(new URL("./x-child.ts", import.meta.url), [file], { execArgv: ["--import", "tsx"] });
  const [url] = (await once(child, "message")) as [string];
  const clock = movableClock();
  const account = openXAccount({ credentials: sandboxCredentials(acme), apiUrl: url, clock });
  // The child creates the post, then never answers: the kill falls between the post and its answer.
  const sending = account.send({ text: "I was here", madeWithAi: false });
  await once(child, "message");
  child.kill("SIGKILL");
  expect((await sending).kind).toBe("unknown");
  const reopened = await startXSandbox({ stateFile: file, clock });
  onTestFinished(() => reopened.close());
  expect(reopened.posts().map((post) => post.text)).toEqual(["I was here"]);
  const again = openXAccount({ credentials: sandboxCredentials(acme), apiUrl: reopened.url, clock });
  expect((await again.send({ text: "I was here", madeWithAi: false })).kind).toBe("duplicate");
});

test("two servers on one file share posts, duplicates and limits", async () => {
  const file = stateFile();
  const [left, right] = [await openX({ stateFile: file }), await openX({ stateFile: file })];
  const texts = Array.from({ length: 20 }, (_, index) => `shared ${index % 10}`);
  const results = await Promise.all(
    texts.map((text, index) => (index % 2 === 0 ? left : right).account.send({ text, madeWithAi: false })),
  );
  expect(results.filter(({ kind }) => kind === "created")).toHaveLength(10);
  expect(left.x.posts()).toEqual(right.x.posts());
  const last = await left.account.send({ text: "last", madeWithAi: false });
  expect(last.windows[0]?.remaining).toBe(79);
});

test("credentials are the same every time, and those of another client are others", () => {
  const credentials = sandboxCredentials({ ...acme, handle: "@acme" });
  expect(credentials).toEqual(sandboxCredentials(acme));
  expect(sandboxCredentials(bolt).accessToken).not.toBe(credentials.accessToken);
  expect(sandboxAccount(credentials.accessToken)).toMatchObject({ xUserId: "1001", handle: "acme" });
});

test.for([
  { path: "tweets", contentType: "application/json", status: 400 },
  { path: "tweets", contentType: "text/plain", status: 400 },
  { path: "media/upload", contentType: "multipart/form-data; boundary=x", status: 400 },
  { path: "media/upload/initialize", contentType: "application/json", status: 400 },
])("a broken $contentType body to $path is refused", async ({ path, contentType, status }) => {
  const { client } = await openRaw();
  const options = { forceBodyMode: "raw", headers: { "content-type": contentType } } as const;
  const request = client.v2.post(path, Buffer.from("{broken"), options);
  await expect(request).rejects.toMatchObject({ code: status });
});
