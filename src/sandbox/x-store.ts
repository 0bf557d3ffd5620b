import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** One post as the public would see it. */
export interface StoredPost {
  id: string;
  xUserId: string;
  text: string;
  createdAt: Date;
  visibleAt: Date;
  madeWithAi: boolean;
}

/** How X numbers things: milliseconds since this instant, 22 bits to the left. https://docs.x.com/fundamentals/x-ids */
const snowflakeEpochMs = 1_288_834_974_657;

const schema = `
  create table if not exists posts (
    id integer primary key, x_user_id text not null, text text not null, created_at integer not null,
    visible_at integer not null, made_with_ai integer not null
  ) strict;
  create index if not exists posts_of_account on posts (x_user_id, id);
  create table if not exists media (
    id integer primary key, x_user_id text not null, category text not null, total integer not null,
    received integer not null, state text not null, alt text not null default ''
  ) strict;
  create table if not exists windows (key text primary key, reset_at integer not null, used integer not null) strict;
`;

/** Opens the sandbox's memory of X: a file that several processes share, or memory when no file is given. */
export function openXDatabase(stateFile: string | undefined): DatabaseSync {
  if (stateFile !== undefined) mkdirSync(dirname(stateFile), { recursive: true });
  const database = new DatabaseSync(stateFile ?? ":memory:", { timeout: 10_000 });
  database.exec("pragma journal_mode = wal; pragma synchronous = normal;");
  inTransaction(database, () => database.exec(schema));
  return database;
}

/** Runs `work` alone among all processes on the file, and commits before it returns. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (error) {
    database.exec("rollback");
    throw error;
  }
}

/** An id above every earlier one in the table, whatever the clock does. Call it inside a transaction. */
export function nextId(database: DatabaseSync, table: "posts" | "media", now: Date): bigint {
  const newest = database.prepare(`select cast(max(id) as text) as id from ${table}`).get();
  const byTime = BigInt(Math.max(0, now.getTime() - snowflakeEpochMs)) << 22n;
  const afterNewest = BigInt(String(newest?.id ?? "0")) + 1n;
  return byTime > afterNewest ? byTime : afterNewest;
}

export interface NewPost {
  xUserId: string;
  text: string;
  now: Date;
  lagSeconds: number;
  madeWithAi: boolean;
  duplicateWindowSeconds: number;
}

/** Creates a post; undefined when the account posted the same text within the duplicate window. */
export function createPost(database: DatabaseSync, post: NewPost): StoredPost | undefined {
  return inTransaction(database, () => {
    const since = post.now.getTime() - post.duplicateWindowSeconds * 1000;
    const twin = database
      .prepare("select 1 from posts where x_user_id = ? and text = ? and created_at > ?")
      .get(post.xUserId, post.text, since);
    if (twin !== undefined) return undefined;
    const id = nextId(database, "posts", post.now);
    const visibleAt = new Date(post.now.getTime() + post.lagSeconds * 1000);
    database
      .prepare("insert into posts values (?, ?, ?, ?, ?, ?)")
      .run(id, post.xUserId, post.text, post.now.getTime(), visibleAt.getTime(), post.madeWithAi ? 1 : 0);
    const { xUserId, text, now, madeWithAi } = post;
    return { id: `${id}`, xUserId, text, createdAt: now, visibleAt, madeWithAi };
  });
}

/** Every post of one account, or of all, newest first, also those that do not show on the timeline yet. */
export function listPosts(database: DatabaseSync, xUserId?: string): StoredPost[] {
  const rows = database
    .prepare(
      `select cast(id as text) as id, x_user_id, text, created_at, visible_at, made_with_ai
       from posts where x_user_id = coalesce(?, x_user_id) order by posts.id desc`,
    )
    .all(xUserId ?? null);
  return rows.map((row) => ({
    id: String(row.id),
    xUserId: String(row.x_user_id),
    text: String(row.text),
    createdAt: new Date(Number(row.created_at)),
    visibleAt: new Date(Number(row.visible_at)),
    madeWithAi: row.made_with_ai === 1,
  }));
}

/** Deletes a post of the account; false when it has none with this id. */
export function deletePost(database: DatabaseSync, xUserId: string, id: string): boolean {
  const { changes } = database.prepare("delete from posts where id = ? and x_user_id = ?").run(BigInt(id), xUserId);
  return Number(changes) > 0;
}
