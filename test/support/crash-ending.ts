import type { XAnswer } from "./crash-answers.ts";
import type { Scene } from "./crash-scene.ts";

/**
 * Minutes to each later tick. A lease ends after 10 minutes; the longest wait that an answer asks for is an hour and a quarter,
 * and it may begin behind two looks for a send of which nothing is known. Together less than the slot's six hours.
 */
const laterTicks = [11, ...Array.from({ length: 11 }, () => 16)] as const;
const ended = ["posted", "skipped", "missed", "dead"];

/** What is looked at from outside. */
export type Outside = Pick<Scene, "sql" | "completions" | "tick" | "posts">;

/** How a case ended, and what was wrong with it. */
export interface Ending {
  state: string;
  reason: string;
  problems: readonly string[];
}

/** A draft in the ledger. */
export interface StoredDraft {
  text: string;
  /** Those that the model had been asked for when the draft was seen. */
  completions: number;
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

/** The draft that the ledger holds now, and what has been asked of the model until now. */
export async function draftOf(scene: Outside): Promise<StoredDraft | undefined> {
  const { text } = await read(scene);
  return text === undefined ? undefined : { text, completions: scene.completions() };
}

/**
 * Lets later ticks run until the slot has ended and one more, and compares the ledger, X and the model's bill.
 * `draft` is what was stored before the process that was killed.
 */
export async function endOf(scene: Outside, answer: XAnswer, draft: StoredDraft | undefined): Promise<Ending> {
  const problems = new Set<string>();
  let known = draft;
  const look = async () => {
    const stored = await read(scene);
    if (known !== undefined && stored.text !== known.text) problems.add("the stored draft changed");
    if (known !== undefined && scene.completions() !== known.completions)
      problems.add("a stored draft was paid for again");
    if (stored.text !== undefined) known ??= { text: stored.text, completions: scene.completions() };
    return stored;
  };
  let stored = await look();
  for (const minutes of laterTicks) {
    const wasEnded = ended.includes(stored.state);
    await scene.tick(minutes);
    stored = await look();
    if (wasEnded) break;
  }
  for (const problem of compare(scene, stored, answer)) problems.add(problem);
  return { state: stored.state, reason: stored.reason, problems: [...problems] };
}

function compare(scene: Outside, stored: Stored, { refused, duplicateWindowHours }: XAnswer): readonly string[] {
  const posts = scene.posts();
  const [post] = posts;
  const isUnproven = stored.sends >= 2 && /sent twice/.test(stored.reason);
  // X shows it hours after the second send: until then nobody can know of it, and the dead letter asks a person to look.
  const isUnseen = isUnproven && duplicateWindowHours !== undefined && stored.state === "dead" && posts.length === 1;
  const seen = isUnseen ? 0 : posts.length;
  const checks: readonly (readonly [problem: string, holds: boolean])[] = [
    [`${posts.length} posts are public`, posts.length <= 1],
    [`it stands as ${stored.state}: ${stored.reason}`, ended.includes(stored.state)],
    [`${posts.length} public, and the ledger says ${stored.state}`, seen > 0 === (stored.state === "posted")],
    [
      `no post, and no reason that fits: ${stored.reason}`,
      posts.length > 0 || isUnproven || refused?.test(stored.reason) === true,
    ],
    [`another text is public than the stored one`, post === undefined || post.text === stored.text],
    [`the ledger has post ${stored.postId}`, stored.postId == null || stored.postId === post?.id],
    [`${stored.recorded} posts in the ledger`, stored.recorded === seen],
    [`held at the end: ${stored.holds} slots, ${stored.held}`, stored.holds === 0 && stored.held === 0],
    [`spend counts ${stored.counted.join()} posts`, stored.counted.every((count) => count === seen)],
    [`${scene.completions()} completions, ${stored.billed} counted`, stored.billed >= scene.completions()],
  ];
  return checks.filter(([, holds]) => !holds).map(([problem]) => problem);
}

async function read({ sql }: Outside): Promise<Stored> {
  const [row] = await sql(`
    select coalesce(max(s.state), 'none') as state, coalesce(max(s.reason), '') as reason, max(d.text) as text,
      (select count(*)::int from clara.send) as sends, (select max(post_id) from clara.post) as "postId",
      (select count(*)::int from clara.post) as recorded, (select count(*)::int from clara.hold) as holds,
      (select coalesce(sum(held_posts + held_completions + held_usd), 0)::float from clara.spend) as held,
      (select coalesce(array_agg(posts), '{}') from clara.spend) as counted,
      (select coalesce(min(completions), 0) from clara.spend) as billed
    from clara.slot s left join clara.draft d on d.slot = s.id where s.client = 'acme'`);
  const { text, ...rest } = row as unknown as Stored & { text: string | null };
  return { ...rest, ...(text !== null && { text }) };
}
