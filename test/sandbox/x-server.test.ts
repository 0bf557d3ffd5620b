import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sandboxAccount, sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { startXSandbox } from "../../src/sandbox/x-server.ts";
import { openXAccount } from "../../src/vendors/x.ts";
import { acme, bolt, movableClock, noon, openX } from "../contracts/x-fixture.ts";
import { rawClient, rawRequest } from "../contracts/x-raw.ts";

function stateFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "clara-x-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "deep", "x.db");
}

async function openRaw(options: Parameters<typeof openX>[0] = {}) {
  const opened = await openX(options);
  return { ...opened, client: rawClient(opened.x.url, sandboxCredentials(acme)) };
}

const duplicate = {
  detail: "You are not allowed to create a Tweet with duplicate content.",
  type: "about:blank",
  title: "Forbidden",
  status: 403,
};

test("the same text of the same account is refused within the window, in X's own words", async () => {
  const { client, clock, open, x } = await openRaw({ duplicateWindowSeconds: 3600 });
  const post = () => rawRequest(client, "POST", "tweets", { text: "twice" });
  expect((await post()).status).toBe(200);
  expect((await post()).body).toEqual(duplicate);
  const other = await open(sandboxCredentials(bolt)).send({ text: "twice", madeWithAi: false });
  expect(other.kind).toBe("created");
  clock.advance(3601);
  expect((await post()).status).toBe(200);
  expect(x.posts(acme.xUserId)).toHaveLength(2);
});

test.for([
  { when: "280 characters", text: "a".repeat(280), expected: "created" },
  { when: "281 characters", text: "a".repeat(281), expected: "rejected" },
  { when: "140 wide ones", text: "語".repeat(140), expected: "created" },
  { when: "141 wide ones", text: "語".repeat(141), expected: "rejected" },
  {
    when: "a long link that counts 23",
    text: `${"a".repeat(256)} https://example.com/${"b".repeat(200)}`,
    expected: "created",
  },
  { when: "nothing but space", text: "  \n ", expected: "rejected" },
  { when: "two cashtags", text: "$AAA $BBB", expected: "rejected" },
])("a text of $when is $expected", async ({ text, expected }) => {
  const { account } = await openX();
  expect((await account.send({ text, madeWithAi: false })).kind).toBe(expected);
});

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

test("a lagging timeline shows the post only later", async () => {
  const { account, clock, x } = await openX({
    faults: ({ method }) => (method === "POST" ? { kind: "lag", seconds: 90 } : undefined),
  });
  await account.send({ text: "late to show", madeWithAi: false });
  const read = () => account.postsSince({ xUserId: acme.xUserId, since: noon });
  expect(await read()).toEqual([]);
  expect(x.posts()).toHaveLength(1);
  clock.advance(91);
  expect(await read()).toHaveLength(1);
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

test("a request without a signature, and one that was seen before, are refused", async () => {
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

test.for([
  { max_results: "4" },
  { max_results: "101" },
  { max_results: "many" },
  { start_time: "yesterday" },
  { exclude: "everything" },
  { surprise: "1" },
])("the timeline refuses %j", async (query) => {
  const { client } = await openRaw();
  const { status, body } = await rawRequest(client, "GET", "users/1001/tweets", query);
  expect(status).toBe(400);
  expect(body).toMatchObject({ type: "https://api.x.com/2/problems/invalid-request" });
});

test("the timeline keeps to since_id, until_id and end_time", async () => {
  const { client, account, clock, x } = await openRaw();
  for (const text of ["one", "two", "three"]) {
    await account.send({ text, madeWithAi: false });
    clock.advance(10);
  }
  const [three, two, one] = x.posts();
  const texts = async (query: Record<string, string>) => {
    const { body } = await rawRequest(client, "GET", "users/1001/tweets", { max_results: "5", ...query });
    return ((body as { data?: { text: string }[] }).data ?? []).map(({ text }) => text);
  };
  expect(await texts({ since_id: one?.id ?? "" })).toEqual(["three", "two"]);
  expect(await texts({ until_id: three?.id ?? "" })).toEqual(["two", "one"]);
  expect(await texts({ end_time: two?.createdAt.toISOString() ?? "" })).toEqual(["one"]);
});

test("texts are shown with entities and t.co links, and created posts answer so too", async () => {
  const { client } = await openRaw();
  const text = "A & B < C at example.com/x";
  const created = await rawRequest(client, "POST", "tweets", { text });
  expect(created.body).toMatchObject({
    data: { text: expect.stringMatching(/^A &amp; B &lt; C at https:\/\/t\.co\/\w{10}$/) },
  });
});

test("pictures uploaded in parts can be posted, by their owner only, with an alternative text", async () => {
  const { client, x } = await openRaw();
  const id = await client.v2.uploadMedia(randomBytes(1_500_000), { media_type: "image/png" as never });
  await client.v2.createMediaMetadata(id, { alt_text: { text: "noise" } });
  const posted = await rawRequest(client, "POST", "tweets", { media: { media_ids: [id] } });
  expect(posted.status).toBe(200);
  const stranger = rawClient(x.url, sandboxCredentials(bolt));
  const refused = await rawRequest(stranger, "POST", "tweets", { text: "mine", media: { media_ids: [id] } });
  expect(refused.body).toMatchObject({ errors: [{ message: "Your media IDs are invalid." }] });
});

test.for<{ path: string; body: Record<string, unknown>; status: number }>([
  { path: "media/upload", body: { media_category: "tweet_image" }, status: 400 },
  { path: "media/upload", body: { media: "YQ==", media_category: "poem" }, status: 400 },
  { path: "media/upload/initialize", body: { media_category: "tweet_image", total_bytes: 6_000_000 }, status: 400 },
  { path: "media/upload/initialize", body: {}, status: 400 },
  { path: "media/upload/7/append", body: { media: "YQ==", segment_index: 0 }, status: 404 },
  { path: "media/upload/7/append", body: { media: "YQ==", segment_index: 1000 }, status: 400 },
  { path: "media/metadata", body: { id: "7" }, status: 404 },
  { path: "media/metadata", body: { id: "seven" }, status: 400 },
])("$path refuses $body", async ({ path, body, status }) => {
  const { client } = await openRaw();
  expect((await rawRequest(client, "POST", path, body)).status).toBe(status);
});

test("an upload that is not whole can't be finalized, and an unknown one has no status", async () => {
  const { client } = await openRaw();
  const asked = { media_category: "tweet_image", total_bytes: 10 };
  const opened = await rawRequest(client, "POST", "media/upload/initialize", asked);
  const { id } = (opened.body as { data: { id: string } }).data;
  expect((await rawRequest(client, "POST", `media/upload/${id}/finalize`)).status).toBe(400);
  expect((await rawRequest(client, "GET", "media/upload", { media_id: "x" })).status).toBe(404);
});

test("an own post may be answered, a stranger's may not, and nothing may be quoted", async () => {
  const { client, x, open } = await openRaw();
  await rawRequest(client, "POST", "tweets", { text: "mine" });
  await open(sandboxCredentials(bolt)).send({ text: "theirs", madeWithAi: false });
  const answerTo = (xUserId: string) => {
    const in_reply_to_tweet_id = x.posts(xUserId).at(-1)?.id;
    return rawRequest(client, "POST", "tweets", { text: `to ${xUserId}`, reply: { in_reply_to_tweet_id } });
  };
  expect((await answerTo(acme.xUserId)).status).toBe(200);
  expect((await answerTo(bolt.xUserId)).status).toBe(403);
  expect((await rawRequest(client, "POST", "tweets", { text: "q", quote_tweet_id: "1" })).status).toBe(403);
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
