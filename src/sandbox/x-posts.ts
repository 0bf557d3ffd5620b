import { ownMediaIds } from "./x-media.ts";
import { type CreatePostBody, readCreatePostBody } from "./x-post-body.ts";
import { duplicateContent, invalidRequest, notPermitted, replyNotAllowed, type XReply } from "./x-reply.ts";
import { jsonBody, type XRequest } from "./x-request.ts";
import { createPost, deletePost, listPosts } from "./x-store.ts";
import { cashtagCount, isTooLong, wireText } from "./x-text.ts";

/** POST /2/tweets. The post is committed when this returns. */
export function answerCreatePost(request: XRequest): XReply {
  const read = readCreatePostBody(jsonBody(request));
  if ("problem" in read) return invalidRequest(read.problem);
  const text = (read.body.text ?? "").normalize("NFC").trim();
  const refusal = refusalOf(read.body, text, request);
  if (refusal !== undefined) return refusal;
  const post = createPost(request.database, {
    xUserId: request.account.xUserId,
    text,
    now: request.now,
    lagSeconds: request.lagSeconds,
    madeWithAi: read.body.made_with_ai === true,
    duplicateWindowSeconds: request.duplicateWindowSeconds,
  });
  if (post === undefined) return duplicateContent;
  return {
    status: 201,
    body: { data: { id: post.id, text: wireText(text).text, edit_history_tweet_ids: [post.id] } },
  };
}

function refusalOf(body: CreatePostBody, text: string, request: XRequest): XReply | undefined {
  const { account, database } = request;
  if (text === "" && body.media === undefined) return invalidRequest("$.text: must not be empty without media");
  if (cashtagCount(text) > 1) return invalidRequest("A post can have a maximum of one cashtag.");
  const strangers = body.media?.media_ids.filter((id) => !ownMediaIds(database, account.xUserId).has(id)) ?? [];
  if (strangers.length > 0) return invalidRequest("Your media IDs are invalid.", { "media.media_ids": strangers });
  if (isTooLong(text, account.premium === true)) return notPermitted;
  // Since April 2026 no self-serve tier may quote by API.
  if (body.quote_tweet_id !== undefined) return notPermitted;
  const repliesTo = body.reply?.in_reply_to_tweet_id;
  if (repliesTo === undefined) return undefined;
  return listPosts(database, account.xUserId).some(({ id }) => id === repliesTo) ? undefined : replyNotAllowed;
}

/** DELETE /2/tweets/:id. Like X, it answers the same whether there was a post or not. */
export function answerDeletePost({ database, account, id }: XRequest): XReply {
  deletePost(database, account.xUserId, id);
  return { status: 200, body: { data: { deleted: true } } };
}

/** GET /2/users/me. */
export function answerMe({ account }: XRequest): XReply {
  return { status: 200, body: { data: { id: account.xUserId, name: account.handle, username: account.handle } } };
}
