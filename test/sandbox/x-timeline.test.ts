import { expect, test } from "vitest";
import { acme, noon, openX } from "../contracts/x-fixture.ts";
import { openRaw, rawRequest } from "../contracts/x-raw.ts";

test("a lagging timeline shows the post only later", async () => {
  const { account, clock, x } = await openX({
    faults: ({ method }) => (method === "POST" ? { kind: "lag", seconds: 90 } : undefined),
  });
  await account.send({ text: "late to show", madeWithAi: false });
  const read = () => account.postsSince({ xUserId: acme.xUserId, since: noon });
  expect(await read()).toEqual({ posts: [] });
  expect(x.posts()).toHaveLength(1);
  clock.advance(91);
  expect((await read()).posts).toHaveLength(1);
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
