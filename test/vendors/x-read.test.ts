import { expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { sandboxAccount } from "../../src/sandbox/x-accounts.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { readBody, unusable } from "../../src/vendors/x-read.ts";
import { acme, hangDeadlineMs, noon, openX } from "../contracts/x-fixture.ts";

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
  { when: "the app is not enrolled", fault: xFaults.clientForbidden, kind: "config", concerns: "app" },
  { when: "the account is suspended", fault: xFaults.suspended, kind: "config" },
  { when: "the request is invalid", fault: xFaults.invalidRequest, kind: "rejected" },
  { when: "credits are gone", fault: xFaults.outOfCredit, kind: "out-of-credit" },
  { when: "a proxy turns it away", fault: xFaults.edgeForbidden, kind: "unavailable" },
  { when: "X does not say why", fault: xFaults.notPermitted, kind: "rejected" },
  // What is refused costs nothing, whoever refused it.
  { when: "a proxy gave up on X", fault: xFaults.proxyTimeout, kind: "rejected" },
  { when: "X is down", fault: xFaults.serverError(503, false), kind: "outcome-unknown" },
  // X's word about this account, without anything that it charges for.
  { when: "there are only errors", fault: xFaults.onlyErrors, kind: "rejected" },
  { when: "X speaks of duplicates", fault: xFaults.duplicate, kind: "unavailable" },
  { when: "the answer is cut", fault: { kind: "cut-body", afterBytes: 10 }, kind: "outcome-unknown" },
  { when: "X hangs", fault: { kind: "hang", done: false }, kind: "outcome-unknown" },
] satisfies { when: string; fault: Fault; kind: string; concerns?: string }[])(
  "reads throw PostingError($kind) when $when",
  async ({ fault, kind, concerns }: { fault: Fault; kind: string; concerns?: string }) => {
    const { account } = await openX({
      faults: () => fault,
      ...(fault.kind === "hang" && { sendDeadlineMs: hangDeadlineMs }),
    });
    const timeline = () => account.postsSince({ xUserId: acme.xUserId, since: noon });
    for (const read of [account.whoAmI, timeline]) {
      const error = await read().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PostingError);
      expect(error).toMatchObject({ kind, concerns });
    }
  },
);

test("users/me that is cut behind the id is as dear as one that is cut before it", async () => {
  const { account } = await openX({ faults: () => ({ kind: "cut-body", afterBytes: 45 }) });
  await expect(account.whoAmI()).rejects.toMatchObject({ kind: "outcome-unknown" });
});

test("a rate-limited read says when to come back", async () => {
  const { account } = await openX({ faults: () => xFaults.tooManyPerUser(soon) });
  await expect(account.whoAmI()).rejects.toMatchObject({ kind: "rate-limited", retryAt: soon });
});

test("a read waits for the longest of the windows that are full, for it keeps back its own client alone", () => {
  const seconds = (at: Date) => String(at.getTime() / 1000);
  const later = new Date(soon.getTime() + 3_600_000);
  const headers = {
    "x-app-limit-24hour-remaining": "0",
    "x-app-limit-24hour-reset": seconds(soon),
    "x-rate-limit-remaining": "0",
    "x-rate-limit-reset": seconds(later),
  };
  const read = () => readBody({ kind: "answer", status: 429, headers, body: {} }, "users/me", noon);
  expect(read).toThrow(expect.objectContaining({ kind: "rate-limited", retryAt: later }));
});

test.for([
  { body: { errors: [{ title: "Suspended", detail: "gone" }] }, kind: "rejected" },
  // What was returned was charged for.
  { body: { data: [{}], errors: [{ title: "Suspended" }] }, kind: "outcome-unknown" },
  { body: { errors: [] }, kind: "outcome-unknown" },
  { body: "<html>", kind: "outcome-unknown" },
])("a good status with $body is $kind", ({ body, kind }) => {
  expect(unusable(body, "the timeline")).toMatchObject({ kind });
});

test("the timeline gives texts back as they were written", async () => {
  const { account } = await openX();
  const texts = [
    text,
    "a bare example.com/a and &lt; kept",
    "Cafe\u0301 <b> &amp; \u{1f9d1}\u200d\u{1f527} https://a.co/?x=1&y=2 #tag",
  ];
  for (const one of texts) await account.send({ text: one, madeWithAi: false });
  const { posts } = await account.postsSince({ xUserId: acme.xUserId, since: noon });
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
  const { posts } = await account.postsSince({ xUserId: acme.xUserId, since: noon });
  expect(posts[0]?.text).toBe(long);
});

test("a page of the timeline holds five posts, and names the next one", async () => {
  const { account, clock } = await openX();
  for (let number = 0; number < 6; number += 1) {
    clock.advance(10);
    await account.send({ text: `post ${number}`, madeWithAi: false });
  }
  const first = await account.postsSince({ xUserId: acme.xUserId, since: noon });
  expect(first.posts.map((post) => post.text)).toEqual(["post 5", "post 4", "post 3", "post 2", "post 1"]);
  const after = first.next ?? "";
  const second = await account.postsSince({ xUserId: acme.xUserId, since: noon, after });
  expect(second).toEqual({ posts: [expect.objectContaining({ text: "post 0" })] });
});
