import type { Duplex } from "node:stream";
import { TwitterApi } from "twitter-api-v2";
import type { Clock, TimelinePost, XAccount, XCredentials } from "../ports.ts";
import { timelinePageSize } from "../timeline.ts";
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
    postsSince: async ({ xUserId, since, after }) => {
      const body = readBody(await get(`users/${xUserId}/tweets`, timelineQuery(since, after)), "the timeline", clock());
      const next = field(field(body, "meta"), "next_token");
      return { posts: postsIn(body), ...(typeof next === "string" && { next }) };
    },
  };
}

function timelineQuery(since: Date, after: string | undefined): Record<string, string> {
  return {
    max_results: String(timelinePageSize),
    start_time: `${since.toISOString().slice(0, 19)}Z`,
    exclude: "retweets",
    "tweet.fields": "created_at,entities,note_tweet",
    ...(after !== undefined && { pagination_token: after }),
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
