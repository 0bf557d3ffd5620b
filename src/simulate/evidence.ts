import type { Explanation } from "../levers.ts";
import type { StoredPost } from "../sandbox/x-store.ts";
import type { Client, Slot, Workspace } from "../terms.ts";
import { openLevers } from "../vendors/supabase-levers.ts";
import { owedSlots } from "./cast.ts";
import type { Journal } from "./journal.ts";
import type { Draft, Intent, SlotRow, SpendRow, Standing } from "./ledger-rows.ts";
import { countRows, readDrafts, readIntents, readSlots, readSpend, readStanding, tablesWith } from "./ledger-rows.ts";
import type { Spell } from "./timetable.ts";
import { canaryForms, type Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** Everything that the promises are judged by: what the services hold, and what was seen at their doors. */
export interface Evidence {
  clients: ReadonlyMap<string, Client>;
  workspace: Pick<Workspace, "prices" | "defaults">;
  /** From the schedules alone. */
  owed: readonly Slot[];
  /** Slots that come due within a day behind the last tick: one that jitter moved there may be recorded already. */
  ahead: readonly Slot[];
  lastTickAt: Date;
  /** Who has to wait when the last tick has ended. */
  standing: readonly Standing[];
  slots: ReadonlyMap<string, SlotRow>;
  drafts: ReadonlyMap<string, Draft>;
  intents: readonly Intent[];
  spend: readonly SpendRow[];
  /** What is public on X. */
  posts: readonly PublicPost[];
  receipts: ReadonlyMap<string, Explanation>;
  journal: Journal;
  watch: Pick<Watch, "lines" | "summaries" | "hostile" | "leaks" | "unescaped">;
  ledgerGone: readonly Spell[];
  /** Tables of the ledger in which a secret stands, and the rows looked at. */
  leakingTables: readonly string[];
  rows: number;
}

export interface PublicPost extends StoredPost {
  /** The slot whose text was allowed to leave right before; missing when there is none. */
  slot?: string;
}

/** Collects the evidence when the last tick has ended. */
export async function gatherEvidence(world: World, from: Date): Promise<Evidence> {
  const { workspace, clients, ledger, timetable, journal, watch, x } = world;
  const { session, rpc } = ledger;
  const lastTickAt = timetable.ticks.at(-1)?.startsAt ?? from;
  const [slots, drafts, intents, spend] = [
    await readSlots(session),
    await readDrafts(session),
    await readIntents(session),
    await readSpend(session),
  ];
  const posts = matchPosts(x.posts(), drafts, intents);
  const levers = openLevers(rpc);
  const receipts = new Map<string, Explanation>();
  for (const { slot } of posts) {
    const explained = slot === undefined ? undefined : await levers.explain(slot);
    if (explained !== undefined) receipts.set(explained.slot, explained);
  }
  return {
    clients,
    workspace,
    ahead: workspace.clients.flatMap((client) => owedSlots(client, lastTickAt, new Date(lastTickAt.getTime() + dayMs))),
    lastTickAt,
    standing: await readStanding(session),
    owed: workspace.clients.flatMap((client) => owedSlots(client, from, lastTickAt)),
    slots,
    drafts,
    intents,
    spend,
    posts,
    receipts,
    journal,
    watch,
    ledgerGone: timetable.ledgerGone,
    leakingTables: await tablesWith(session, canaryForms),
    rows: await countRows(session),
  };
}

const dayMs = 86_400_000;

/** A send and its post lie within the deadline of a request; the lease bounds what a slow run may do. */
const longestSendMs = 600_000;

/** Gives every post the slot that had just stored the intent to send exactly this text. */
export function matchPosts(
  posts: readonly StoredPost[],
  drafts: ReadonlyMap<string, Draft>,
  intents: readonly Intent[],
): readonly PublicPost[] {
  const byText = Map.groupBy(intents, ({ slot }) => asPosted(drafts.get(slot)?.text ?? ""));
  return posts.map((post) => {
    const fitting = (byText.get(post.text) ?? []).filter(({ armedAt }) => {
      const ms = post.createdAt.getTime() - armedAt.getTime();
      return ms >= 0 && ms <= longestSendMs;
    });
    const [latest] = fitting.toSorted((one, other) => other.armedAt.getTime() - one.armedAt.getTime());
    return latest === undefined ? post : { ...post, slot: latest.slot };
  });
}

/** X takes texts so. */
export function asPosted(text: string): string {
  return text.normalize("NFC").trim();
}
