import { expect, test } from "vitest";
import { sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { acme, bolt, openX } from "../contracts/x-fixture.ts";
import { openRaw, rawRequest } from "../contracts/x-raw.ts";

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

test("texts are shown with entities and t.co links, and created posts answer so too", async () => {
  const { client } = await openRaw();
  const text = "A & B < C at example.com/x";
  const created = await rawRequest(client, "POST", "tweets", { text });
  expect(created.body).toMatchObject({
    data: { text: expect.stringMatching(/^A &amp; B &lt; C at https:\/\/t\.co\/\w{10}$/) },
  });
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
