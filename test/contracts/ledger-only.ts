import fc from "fast-check";
import { expect, test } from "vitest";
import { hashClient, isServed, readShard, splitIntoShards } from "../../src/due/shards.ts";
import type { Only } from "../../src/terms.ts";
import { at, type OpenLedger } from "../support/ledger.ts";
import { stepsOf } from "./ledger-steps.ts";

const clients = ["acme", "bolt", "cora", "dora"];
const texts = ["one text", "a quite different one", "words about rain", "the third law of tea"];

/** Runs that serve a part of the clients take the sends of that part, and leave the others to whoever serves them. */
export function onlyContract(open: OpenLedger): void {
  /** Each client has a send without an answer whose lease ends at 300 s. */
  const begin = async () => {
    const steps = stepsOf(await open());
    for (const [n, client] of clients.entries()) await steps.send(texts[n] ?? "", { client });
    const take = async (run: string, only: Only | undefined, seconds = 300) => {
      const { unsettled } = await steps.openTick({ run, now: at(seconds), ...(only && { only }) });
      return unsettled.map(({ client }) => client).sort();
    };
    return { ...steps, take };
  };

  test("a run for one client takes that client's send, and the next run all others at once", async () => {
    const { take } = await begin();
    expect(await take("run-2", { client: "bolt" })).toEqual(["bolt"]);
    expect(await take("run-3", undefined)).toEqual(["acme", "cora", "dora"]);
  });

  test("shards take every send between them, and none of another shard's", async () => {
    const { take } = await begin();
    const shards = splitIntoShards(clients.map(hashClient), 1);
    expect(shards).toHaveLength(4);
    const taken = await Promise.all(shards.map((shard) => take(`run-${shard}`, readShard(shard))));
    expect(taken.map((one) => one.length)).toEqual([1, 1, 1, 1]);
    expect(taken.flat().sort()).toEqual(clients);
  });

  test("a run for a part takes nothing before the lease has ended, is registered, and sees the whole state", async () => {
    const { take, rows, openTick } = await begin();
    expect(await take("run-2", { client: "bolt" }, 299)).toEqual([]);
    expect((await rows("run")).map(({ id }) => id)).toEqual(["run-2"]);
    const state = await openTick({ run: "run-3", now: at(299), only: { client: "bolt" } });
    expect(state.open.map(({ client }) => client).sort()).toEqual(clients);
  });

  test("the ledger and the program agree on who is served, at both ends of a range too", async () => {
    const { sql } = await begin();
    const hash = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const id = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,38}$/);
    const hex = (value: number) => value.toString(16).padStart(8, "0");
    const rows = fc.sample(fc.tuple(id, hash, hash), 300).flatMap(([client, one, other]) => {
      const own = hashClient(client);
      const ends = [
        [Math.min(one, other), Math.max(one, other)],
        [own, own],
        [0, own],
        [own, 2 ** 32 - 1],
        [0, own - 1],
        [own + 1, 2 ** 32 - 1],
      ] as const;
      return ends.map(([from, to]) => ({ client, only: { from: hex(Math.max(0, from)), to: hex(Math.max(0, to)) } }));
    });
    const answers = await sql(
      `select clara.is_served(r->'only', r->>'client') as served from jsonb_array_elements($1::jsonb) with ordinality x(r, n) order by n`,
      [JSON.stringify(rows)],
    );
    expect(answers.map(({ served }) => served)).toEqual(rows.map(({ client, only }) => isServed(only, client)));
    expect(new Set(answers.map(({ served }) => served))).toEqual(new Set([true, false]));
  });
}
