import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { bolt } from "../contracts/x-fixture.ts";
import { openRaw, rawClient, rawRequest } from "../contracts/x-raw.ts";

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
