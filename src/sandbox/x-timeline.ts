import { invalidRequest, type XReply } from "./x-reply.ts";
import type { XRequest } from "./x-request.ts";
import { listPosts, type StoredPost } from "./x-store.ts";
import { wireText } from "./x-text.ts";

/** What GET /2/users/:id/tweets takes; `tweet.fields` is the older name of `post.fields`, and both work. */
const parameters: Readonly<Record<string, RegExp>> = {
  max_results: /^\d{1,3}$/,
  pagination_token: /^[0-9a-v]+$/,
  start_time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/,
  end_time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/,
  since_id: /^\d{1,19}$/,
  until_id: /^\d{1,19}$/,
  exclude: /^(replies|retweets)(,(replies|retweets))?$/,
  "tweet.fields": /^[a-z_,]+$/,
  "post.fields": /^[a-z_,]+$/,
  "user.fields": /^[a-z_,]+$/,
  expansions: /^[a-z_.,]+$/,
};

/** GET /2/users/:id/tweets: newest first, in pages. The sandbox has neither reposts nor replies of others to exclude. */
export function answerTimeline(request: XRequest): XReply {
  const { query } = request;
  for (const [name, value] of query) {
    if (!parameters[name]?.test(value)) {
      return invalidRequest(`The query parameter [${name}] is not valid: [${value}]`, { [name]: [value] });
    }
  }
  const size = Number(query.get("max_results") ?? 10);
  if (size < 5 || size > 100) {
    const message = `The \`max_results\` query parameter value [${size}] is not between 5 and 100`;
    return invalidRequest(message, { max_results: [`${size}`] });
  }
  const found = listPosts(request.database, request.id).filter((post) => isAskedFor(post, request));
  const page = found.slice(0, size);
  const [newest, oldest] = [page[0], page.at(-1)];
  const meta = {
    result_count: page.length,
    ...(newest && oldest && { newest_id: newest.id, oldest_id: oldest.id }),
    ...(oldest && found.length > size && { next_token: BigInt(oldest.id).toString(32) }),
  };
  if (page.length === 0) return { status: 200, body: { meta } };
  const fields = new Set([...fieldsOf(query, "tweet.fields"), ...fieldsOf(query, "post.fields")]);
  return { status: 200, body: { data: page.map((post) => wirePost(post, fields)), meta } };
}

function isAskedFor(post: StoredPost, { query, now }: XRequest): boolean {
  if (post.visibleAt > now) return false;
  const id = BigInt(post.id);
  const token = query.get("pagination_token");
  if (token !== null && id >= fromBase32(token)) return false;
  if (id <= BigInt(query.get("since_id") ?? "0")) return false;
  const untilId = query.get("until_id");
  if (untilId !== null && id >= BigInt(untilId)) return false;
  const [start, end] = [query.get("start_time"), query.get("end_time")];
  if (start !== null && post.createdAt < new Date(start)) return false;
  return end === null || post.createdAt < new Date(end);
}

function fieldsOf(query: URLSearchParams, name: string): string[] {
  return query.get(name)?.split(",") ?? [];
}

function wirePost(post: StoredPost, fields: ReadonlySet<string>): object {
  const whole = wireText(post.text);
  const isLong = [...post.text].length > 280;
  const { text, entities } = isLong ? wireText(`${[...post.text].slice(0, 276).join("")}…`) : whole;
  const note = { text: whole.text, entities: whole.entities };
  return {
    id: post.id,
    text,
    edit_history_tweet_ids: [post.id],
    ...(fields.has("created_at") && { created_at: post.createdAt.toISOString() }),
    ...(fields.has("author_id") && { author_id: post.xUserId }),
    ...(fields.has("entities") && Object.keys(entities).length > 0 && { entities }),
    ...(fields.has("note_tweet") && isLong && { note_tweet: note }),
    ...(fields.has("note_post") && isLong && { note_post: note }),
  };
}

function fromBase32(token: string): bigint {
  return [...token].reduce((sum, digit) => sum * 32n + BigInt(Number.parseInt(digit, 32)), 0n);
}
