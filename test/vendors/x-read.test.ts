import { expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { sandboxAccount } from "../../src/sandbox/x-accounts.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { acme, noon, openX } from "../contracts/x-fixture.ts";

const text = "Fish & chips <fresh> at https://example.com/menu";
const soon = new Date(noon.getTime() + 600_000);

test("users/me names the account of the token", async () => {
  const { account } = await openX();
  expect(await account.whoAmI()).toEqual({ xUserId: "1001", handle: "acme", mayWrite: true });
});

test("users/me shows when the token belongs to another account", async () => {
  const { account } = await openX({ faults: () => ({ kind: "wrong-account", xUserId: "666", handle: "other" }) });
  expect(await account.whoAmI()).toEqual({ xUserId: "666", handle: "other", mayWrite: true });
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
