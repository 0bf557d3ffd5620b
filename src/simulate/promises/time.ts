import type { Client } from "../../terms.ts";
import type { Evidence, PublicPost } from "../evidence.ts";
import type { Check } from "./verdict.ts";

/** A post may be created this long after the intent to send was stored: the deadline of one request to X. */
const sendDeadlineMs = 30_000;

/** 4. No post before its planned time or after its window; posts keep their gap; after an outage the newest slot goes out. */
export const checkTime: Check = (evidence) => {
  const byClient = Map.groupBy(evidence.posts, ({ slot = "" }) => evidence.slots.get(slot)?.client ?? "");
  const broken = [...byClient].flatMap(([id, posts]) => {
    const client = evidence.clients.get(id);
    if (client === undefined) return [];
    const inOrder = posts.toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
    return [
      ...inOrder.flatMap((post) => outsideWindow(post, client, evidence)),
      ...tooClose(inOrder, client),
      ...inOrder.flatMap((post) => overtaken(post, client, evidence)),
    ];
  });
  return { looked: "posts on X", cases: evidence.posts.length, broken };
};

function outsideWindow(
  { slot = "", createdAt }: PublicPost,
  { schedule }: Client,
  { slots }: Evidence,
): readonly string[] {
  const lateMs = createdAt.getTime() - (slots.get(slot)?.plannedAt.getTime() ?? Number.NaN);
  if (lateMs < 0) return [`${slot} was posted ${-lateMs / 1000} s early`];
  const limitMs = schedule.lateWithinSeconds * 1000;
  if (schedule.lateThen === "post" || lateMs <= limitMs) return [];
  return [`${slot} was posted ${(lateMs - limitMs) / 1000} s after its window of ${schedule.lateWithinSeconds} s`];
}

function tooClose(posts: readonly PublicPost[], { schedule }: Client): readonly string[] {
  return posts.flatMap((post, index) => {
    const before = posts[index - 1];
    if (before === undefined) return [];
    const gapMs = post.createdAt.getTime() - before.createdAt.getTime();
    if (gapMs >= schedule.minGapSeconds * 1000 - sendDeadlineMs) return [];
    return [`${post.slot} came ${gapMs / 1000} s after ${before.slot}, the gap is ${schedule.minGapSeconds} s`];
  });
}

/** A late slot goes out only while no newer one of the client is due: of an outage one late post remains. */
function overtaken({ slot = "" }: PublicPost, client: Client, evidence: Evidence): readonly string[] {
  const first = evidence.intents.find((intent) => intent.slot === slot);
  const run = evidence.journal.runs.find(({ id }) => id === first?.run);
  const plannedAt = evidence.slots.get(slot)?.plannedAt;
  if (run === undefined || plannedAt === undefined) return [];
  const newer = evidence.owed.find(
    (other) => other.client === client.id && other.plannedAt > plannedAt && other.plannedAt <= run.startedAt,
  );
  return newer === undefined ? [] : [`${slot} was posted although ${newer.id} was due already`];
}
