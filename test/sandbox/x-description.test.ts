import type { ValidateFunction } from "ajv";
import { describe, expect, test } from "vitest";
import { readCreatePostBody } from "../../src/sandbox/x-post-body.ts";
import { readXDescription, type XDescription } from "../contracts/x-description.ts";
import { openRaw, rawRequest } from "../contracts/x-raw.ts";

const description = readXDescription();
// A clone of this repository alone has no copy of X's description beside it.
const reason = "X's API description is not at ../shared/facts/x-openapi.json";

function conforms(validate: ValidateFunction, body: unknown): void {
  validate(body);
  expect(validate.errors ?? [], JSON.stringify(body)).toEqual([]);
}

describe.skipIf(description === undefined)(`the sandbox speaks as X describes itself (skipped: ${reason})`, () => {
  const request: XDescription["request"] = (...operation) => (description as XDescription).request(...operation);
  const response: XDescription["response"] = (...operation) => (description as XDescription).response(...operation);

  test("posts: create, read, delete", async () => {
    const { client, x } = await openRaw();
    const created = await rawRequest(client, "POST", "tweets", { text: "A #tag, $CASH, @who & https://a.co" });
    conforms(response("POST", "/2/tweets", "201"), created.body);
    const fields = { "tweet.fields": "created_at,entities,author_id", max_results: "5" };
    const timeline = await rawRequest(client, "GET", "users/1001/tweets", fields);
    conforms(response("GET", "/2/users/{id}/tweets", "200"), timeline.body);
    expect(timeline.body).toMatchObject({ data: [{ entities: { hashtags: [{ tag: "tag" }] } }] });
    conforms(response("GET", "/2/users/me", "200"), (await rawRequest(client, "GET", "users/me")).body);
    const deleted = await rawRequest(client, "DELETE", `tweets/${x.posts()[0]?.id}`);
    conforms(response("DELETE", "/2/tweets/{id}", "200"), deleted.body);
    expect(x.posts()).toHaveLength(0);
  });

  test("media: initialize, append, finalize, status, metadata, and in one request", async () => {
    const { client } = await openRaw();
    const asked = { media_type: "video/mp4", media_category: "tweet_video", total_bytes: 3 };
    conforms(request("POST", "/2/media/upload/initialize"), asked);
    const opened = await rawRequest(client, "POST", "media/upload/initialize", asked);
    conforms(response("POST", "/2/media/upload/initialize", "200"), opened.body);
    const { id } = (opened.body as { data: { id: string } }).data;
    const part = { media: Buffer.from("abc").toString("base64"), segment_index: 0 };
    conforms(request("POST", "/2/media/upload/{id}/append"), part);
    const appended = await rawRequest(client, "POST", `media/upload/${id}/append`, part);
    conforms(response("POST", "/2/media/upload/{id}/append", "200"), appended.body);
    const finalized = await rawRequest(client, "POST", `media/upload/${id}/finalize`);
    conforms(response("POST", "/2/media/upload/{id}/finalize", "200"), finalized.body);
    expect(finalized.body).toMatchObject({ data: { processing_info: { state: "pending" } } });
    const status = await rawRequest(client, "GET", "media/upload", { command: "STATUS", media_id: id });
    conforms(response("GET", "/2/media/upload", "200"), status.body);
    expect(status.body).toMatchObject({ data: { processing_info: { state: "succeeded" } } });
    const alt = { id, metadata: { alt_text: { text: "a clip" } } };
    conforms(request("POST", "/2/media/metadata"), alt);
    conforms(
      response("POST", "/2/media/metadata", "200"),
      (await rawRequest(client, "POST", "media/metadata", alt)).body,
    );
    const simple = { media: "YWJj", media_category: "tweet_image" };
    conforms(request("POST", "/2/media/upload"), simple);
    conforms(
      response("POST", "/2/media/upload", "200"),
      (await rawRequest(client, "POST", "media/upload", simple)).body,
    );
  });

  test("problems: what the description has a type for", async () => {
    const { client } = await openRaw();
    const invalid = await rawRequest(client, "POST", "tweets", { text: "a", unknown_field: 1 });
    expect(invalid.status).toBe(400);
    conforms(response("POST", "/2/tweets", "problem"), invalid.body);
    const missing = await rawRequest(client, "POST", "media/upload/7/finalize");
    expect(missing.status).toBe(404);
    conforms(response("POST", "/2/media/upload/{id}/finalize", "problem"), missing.body);
  });

  test.for<{ body: object }>([
    { body: { text: "a" } },
    { body: { text: "a", made_with_ai: true, reply_settings: "verified" } },
    { body: { text: "a", media: { media_ids: ["1", "2"], tagged_user_ids: ["3"] } } },
    { body: { text: "a", poll: { options: ["x", "y"], duration_minutes: 5 } } },
    { body: { text: "a", reply: { in_reply_to_tweet_id: "1" }, quote_tweet_id: "2", geo: { place_id: "p" } } },
    { body: { text: "a", edit_options: { previous_post_id: "9" }, nullcast: false, paid_partnership: true } },
    { body: { text: 1 } },
    { body: { text: "a", reply_settings: "nobody" } },
    { body: { text: "a", media: { media_ids: [] } } },
    { body: { text: "a", media: { media_ids: ["1", "2", "3", "4", "5"] } } },
    { body: { text: "a", poll: { options: ["x"], duration_minutes: 5 } } },
    { body: { text: "a", extra: true } },
    { body: { text: "a", reply: { in_reply_to_tweet_id: "x" } } },
  ])("the sandbox takes and refuses what X does: $body", ({ body }) => {
    const validate = request("POST", "/2/tweets");
    expect("body" in readCreatePostBody(body)).toBe(validate(body));
  });
});
