import type { Duplex } from "node:stream";
import { TwitterApi } from "twitter-api-v2";
import { PostingError } from "../errors.ts";
import type { Clock, TimelinePost, XAccount, XCredentials } from "../ports.ts";
import { arrivalOf } from "./x-arrival.ts";
import { type Arrival, classifySend, field } from "./x-classify.ts";
import { mayWrite } from "./x-connect.ts";
import { clientSettings } from "./x-connection.ts";
import { readBody, unusable } from "./x-read.ts";
import { timelinePost } from "./x-timeline.ts";

export interface XAccountOptions {
  credentials: XCredentials;
  /** Another host in place of https://api.x.com, plain http on loopback included. */
  apiUrl?: string;
  /** Milliseconds that one request may take in all, its answer included. @default 30000 */
  sendDeadlineMs?: number;
  clock: Clock;
  /** Opens the connections, in place of sockets. */
  connect?: () => Duplex;
}

/** Five pages of a hundred: an account with more posts since a send is not one that this project serves. */
const maxPages = 5;

/**
 * One account on X. Nothing is retried here: who knows what a second try means decides about it.
 * @throws UserError when `apiUrl` is no http or https address.
 */
export function openXAccount(options: XAccountOptions): XAccount {
  const { credentials, sendDeadlineMs = 30_000, clock } = options;
  const { v2 } = new TwitterApi(credentials, clientSettings({ ...options, deadlineMs: sendDeadlineMs }));
  const get = (path: string, query: Record<string, string>): Promise<Arrival> =>
    arrivalOf(() => v2.get(path, query, { fullResponse: true }));
  return {
    send: async ({ text, madeWithAi }) => {
      const body = madeWithAi ? { text, made_with_ai: true } : { text };
      return classifySend(await arrivalOf(() => v2.post("tweets", body, { fullResponse: true })), clock());
    },
    whoAmI: async () => {
      const arrival = await get("users/me", {});
      const body = readBody(arrival, "users/me", clock());
      const [id, handle] = [field(field(body, "data"), "id"), field(field(body, "data"), "username")];
      if (typeof id !== "string" || typeof handle !== "string") throw unusable(body, "users/me");
      const may = mayWrite(arrival);
      return { xUserId: id, handle, ...(may !== undefined && { mayWrite: may }) };
    },
    postsSince: async ({ xUserId, since }) => readTimeline({ get, clock, xUserId, since }),
  };
}

interface TimelineRead {
  get: (path: string, query: Record<string, string>) => Promise<Arrival>;
  clock: Clock;
  xUserId: string;
  since: Date;
}

/** Every post since the instant, or an error: a part of them would make a post look absent that is there. */
async function readTimeline({ get, clock, xUserId, since }: TimelineRead): Promise<readonly TimelinePost[]> {
  const posts: TimelinePost[] = [];
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const query = timelineQuery(since, next);
    const body = readBody(await get(`users/${xUserId}/tweets`, query), "the timeline", clock());
    posts.push(...postsIn(body));
    const token = field(field(body, "meta"), "next_token");
    if (typeof token !== "string") return posts;
    next = token;
  }
  throw new PostingError("unavailable", `the account has more than ${maxPages * 100} posts since the send`);
}

function timelineQuery(since: Date, next: string | undefined): Record<string, string> {
  return {
    max_results: "100",
    start_time: `${since.toISOString().slice(0, 19)}Z`,
    exclude: "retweets",
    "tweet.fields": "created_at,entities,note_tweet",
    ...(next !== undefined && { pagination_token: next }),
  };
}

function postsIn(body: unknown): TimelinePost[] {
  const data = field(body, "data");
  if (data === undefined && field(field(body, "meta"), "result_count") === 0) return [];
  if (!Array.isArray(data)) throw unusable(body, "the timeline");
  const posts = data.map(timelinePost);
  const whole = posts.filter((post) => post !== undefined);
  if (whole.length < posts.length) throw unusable(body, "the timeline");
  return whole;
}
