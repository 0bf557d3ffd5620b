import { createHash } from "node:crypto";
import { fingerprint } from "../../src/post/seal.ts";
import type { Query } from "../../src/vendors/migrations.ts";
import { distinctText } from "../support/crash-answers.ts";
import { appKeys, type TestClient } from "../support/workspace.ts";

const days = 7;
const dayMs = 86_400_000;

/** What an installation at work has in its ledger: proven credentials, and a post of each client on each day of the last week. */
export async function pastWeek(query: Query, clients: readonly TestClient[], now: Date): Promise<void> {
  const json = JSON.stringify(clients.map((client) => ({ ...client, fingerprint: fingerprintOf(client) })));
  const lastDay = new Date(now.getTime() - dayMs);
  await query("insert into clara.client select value->>'id', $2, $2 from jsonb_array_elements($1::jsonb)", [
    json,
    lastDay,
  ]);
  await query(
    `insert into clara.account select value->>'fingerprint', value->>'id', value->>'xUserId', $2 from jsonb_array_elements($1::jsonb)`,
    [json, lastDay],
  );
  for (let back = 1; back <= days; back += 1) {
    const at = new Date(now.getTime() - back * dayMs);
    const posts = clients.map((client, index) => postOf(client, at, back * 100_000 + index));
    await query(slotsSql, [JSON.stringify(posts), at]);
    await query(draftsSql, [JSON.stringify(posts), at]);
    await query(postsSql, [JSON.stringify(posts), at]);
  }
  await query("analyze");
}

const slotsSql = `insert into clara.slot (id, client, planned_at, state, fence, run, completions, changed_at)
  select value->>'slot', value->>'client', $2, 'posted', 1, 'earlier', 1, $2 from jsonb_array_elements($1::jsonb)`;
const draftsSql = `insert into clara.draft
  select value->>'slot', value->>'client', value->>'text', value->>'hash', 'model', 'openai/gpt-5-mini', 'plain', '1.0.0', 'a topic',
    false, false, '{}', 'earlier', $2 from jsonb_array_elements($1::jsonb)`;
const postsSql = `insert into clara.post
  select value->>'slot', value->>'client', value->>'postId', value->>'xUserId', $2 from jsonb_array_elements($1::jsonb)`;

function postOf({ id, xUserId }: TestClient, at: Date, number: number): object {
  const text = distinctText(number);
  const hash = createHash("sha256").update(text).digest("hex");
  return {
    slot: `${id}/${at.toISOString().slice(0, 10)}T09:00`,
    client: id,
    xUserId,
    text,
    hash,
    postId: String(number),
  };
}

function fingerprintOf({ accessToken, accessSecret }: TestClient): string {
  return fingerprint({ ...appKeys, accessToken, accessSecret });
}
