import type { XAnswer } from "./crash-answers.ts";
import type { Scene } from "./crash-scene.ts";

/** Minutes to each later tick. A lease ends after 10 minutes; the longest wait that an answer asks for is an hour and a quarter. */
const laterTicks = [11, 16, 16, 16, 16, 16, 16] as const;
const ended = ["posted", "skipped", "missed", "dead"];

/** How a case ended, and what was wrong with it. */
export interface Ending {
  state: string;
  reason: string;
  problems: readonly string[];
}

interface Stored {
  state: string;
  reason: string;
  text?: string;
  /** Times that the text was allowed to leave. */
  sends: number;
  postId?: string | null;
  recorded: number;
  holds: number;
  held: number;
  counted: readonly number[];
  billed: number;
}

/** Lets later ticks run until the slot has ended and one more, and compares the ledger, X and the model's bill. */
export async function endOf(scene: Scene, answer: XAnswer): Promise<Ending> {
  const problems = new Set<string>();
  let stored = await read(scene);
  let draft = stored.text === undefined ? undefined : { text: stored.text, completions: scene.completions() };
  for (const minutes of laterTicks) {
    const wasEnded = ended.includes(stored.state);
    await scene.tick(minutes);
    stored = await read(scene);
    if (draft !== undefined && stored.text !== draft.text) problems.add("the stored draft changed");
    if (draft !== undefined && scene.completions() !== draft.completions)
      problems.add("a stored draft was paid for again");
    if (stored.text !== undefined) draft ??= { text: stored.text, completions: scene.completions() };
    if (wasEnded) break;
  }
  for (const problem of compare(scene, stored, answer)) problems.add(problem);
  return { state: stored.state, reason: stored.reason, problems: [...problems] };
}

function compare(scene: Scene, stored: Stored, { refused }: XAnswer): readonly string[] {
  const posts = scene.x.posts();
  const [post] = posts;
  const isUnproven = stored.sends >= 2 && /sent twice/.test(stored.reason);
  const checks: readonly (readonly [problem: string, holds: boolean])[] = [
    [`${posts.length} posts are public`, posts.length <= 1],
    [`it stands as ${stored.state}: ${stored.reason}`, ended.includes(stored.state)],
    [`${posts.length} public, and the ledger says ${stored.state}`, posts.length > 0 === (stored.state === "posted")],
    [
      `no post, and no reason that fits: ${stored.reason}`,
      posts.length > 0 || isUnproven || refused?.test(stored.reason) === true,
    ],
    [`another text is public than the stored one`, post === undefined || post.text === stored.text],
    [`the ledger has post ${stored.postId}`, stored.postId == null || stored.postId === post?.id],
    [`${stored.recorded} posts in the ledger`, stored.recorded === posts.length],
    [`held at the end: ${stored.holds} slots, ${stored.held}`, stored.holds === 0 && stored.held === 0],
    [`spend counts ${stored.counted.join()} posts`, stored.counted.every((count) => count === posts.length)],
    [`${scene.completions()} completions, ${stored.billed} counted`, stored.billed >= scene.completions()],
  ];
  return checks.filter(([, holds]) => !holds).map(([problem]) => problem);
}

async function read({ sql }: Scene): Promise<Stored> {
  const [row] = await sql(`
    select coalesce(max(s.state), 'none') as state, coalesce(max(s.reason), '') as reason, max(d.text) as text,
      (select count(*)::int from clara.send) as sends, (select max(post_id) from clara.post) as "postId",
      (select count(*)::int from clara.post) as recorded, (select count(*)::int from clara.hold) as holds,
      (select coalesce(sum(held_posts + held_completions + held_usd), 0)::float from clara.spend) as held,
      (select coalesce(array_agg(posts), '{}') from clara.spend) as counted,
      (select coalesce(min(completions), 0) from clara.spend) as billed
    from clara.slot s left join clara.draft d on d.slot = s.id`);
  const { text, ...rest } = row as unknown as Stored & { text: string | null };
  return { ...rest, ...(text !== null && { text }) };
}
