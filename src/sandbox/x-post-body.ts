import { Ajv2020 } from "ajv/dist/2020.js";

const id = { type: "string", pattern: "^[0-9]{1,19}$" };
const replySettings = { type: "string", enum: ["following", "mentionedUsers", "subscribers", "verified"] };

function strictObject(required: readonly string[], properties: object): object {
  return { type: "object", required, properties, additionalProperties: false };
}

/** What POST /2/tweets takes: CreatePostsRequest of X's API description 2.167, whose media ads fields are left out. */
const createPostSchema = strictObject([], {
  text: { type: "string" },
  card_uri: { type: "string" },
  community_id: id,
  direct_message_deep_link: { type: "string" },
  edit_options: strictObject(["previous_post_id"], { previous_post_id: id }),
  for_super_followers_only: { type: "boolean" },
  geo: strictObject(["place_id"], { place_id: { type: "string" } }),
  made_with_ai: { type: "boolean" },
  media: strictObject(["media_ids"], {
    media_ids: { type: "array", minItems: 1, maxItems: 4, items: id },
    tagged_user_ids: { type: "array", maxItems: 10, items: id },
  }),
  nullcast: { type: "boolean" },
  paid_partnership: { type: "boolean" },
  poll: strictObject(["options", "duration_minutes"], {
    duration_minutes: { type: "integer", minimum: 5, maximum: 10_080 },
    options: { type: "array", minItems: 2, maxItems: 4, items: { type: "string", minLength: 1, maxLength: 25 } },
    reply_settings: replySettings,
  }),
  quote_tweet_id: id,
  reply: strictObject(["in_reply_to_tweet_id"], {
    in_reply_to_tweet_id: id,
    auto_populate_reply_metadata: { type: "boolean" },
    exclude_reply_user_ids: { type: "array", items: { type: "string" } },
  }),
  reply_settings: replySettings,
  share_with_followers: { type: "boolean" },
});

/** The fields of a create-post body that the sandbox acts on. */
export interface CreatePostBody {
  text?: string;
  made_with_ai?: boolean;
  media?: { media_ids: string[] };
  quote_tweet_id?: string;
  reply?: { in_reply_to_tweet_id: string };
}

const validate = new Ajv2020({ strict: true, allErrors: true }).compile<CreatePostBody>(createPostSchema);

/** The body, or what is wrong with it. */
export function readCreatePostBody(json: unknown): { body: CreatePostBody } | { problem: string } {
  if (validate(json)) return { body: json };
  const errors = validate.errors ?? [];
  return { problem: errors.map((error) => `$${error.instancePath}: ${error.message}`).join("; ") };
}
