import { expect, test } from "vitest";
import { type Evidence, matchPosts } from "../../src/simulate/evidence.ts";
import { openJournal, type Take } from "../../src/simulate/journal.ts";
import { exitCodeOf } from "../../src/simulate/outcome.ts";
import { judgePromises } from "../../src/simulate/promises/judge.ts";
import {
  evidence,
  explanation,
  id,
  minutes,
  plannedAt,
  post,
  row,
  withClient,
  withJournal,
} from "./evidence-double.ts";

test("a month without any mistake keeps every promise, and says how many cases there were", () => {
  const verdicts = judgePromises(evidence());
  expect(verdicts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(verdicts.flatMap(({ broken }) => broken)).toEqual([]);
  expect(verdicts.every(({ cases }) => cases > 0)).toBe(true);
});

test.for([
  { mixedUp: 0, says: "posts on X; no credential was ever another client's, so that was not tried" },
  { mixedUp: 1, says: "posts on X; 1 time a credential was another client's" },
  { mixedUp: 3, says: "posts on X; 3 times a credential was another client's" },
])("with $mixedUp credentials mixed up, the promise of the right account says so", ({ mixedUp, says }) => {
  const change = withJournal((journal) => Object.assign(journal, { mixedUp }));
  expect(judgePromises({ ...evidence(), ...change }).find(({ number }) => number === 3)?.looked).toBe(says);
});

const second = "acme/2026-11-21T09:30";
/** Another slot, whose post came so many minutes after the planned time of the first one. */
function secondPost(sentAfter: number, plannedAfter: number): Partial<Evidence> {
  return {
    owed: [...evidence().owed, { id: second, client: "acme", plannedAt: minutes(plannedAfter) }],
    slots: new Map([
      [id, row()],
      [second, row({ id: second, plannedAt: minutes(plannedAfter) })],
    ]),
    posts: [post({ createdAt: minutes(sentAfter), id: "78", slot: second }), post()],
  };
}

function withTakes(change: (takes: readonly Take[]) => Take[]): Partial<Evidence> {
  return withJournal((journal) => {
    journal.takes = change(journal.takes);
  });
}

const planted: readonly { promise: number; when: string; change: Partial<Evidence>; says: RegExp }[] = [
  {
    promise: 1,
    when: "a slot has two posts",
    change: { posts: [post(), post({ id: "78" })] },
    says: /2 posts: 77, 78/,
  },
  {
    promise: 2,
    when: "an owed slot is not in the ledger",
    change: { slots: new Map(), posts: [] },
    says: /not in the ledger/,
  },
  {
    promise: 2,
    when: "a slot stays unknown",
    change: { slots: new Map([[id, row({ state: "unknown", reason: "?" })]]), posts: [] },
    says: /still unknown/,
  },
  {
    promise: 2,
    when: "a slot is missed without a reason",
    change: { slots: new Map([[id, row({ state: "missed" })]]), posts: [] },
    says: /missed without a reason/,
  },
  { promise: 2, when: "a slot is called posted without a post", change: { posts: [] }, says: /is posted, and no post/ },
  {
    promise: 2,
    when: "a slot is called dead and has a post",
    change: { slots: new Map([[id, row({ state: "dead", reason: "x" })]]) },
    says: /is dead, and there is a post/,
  },
  { promise: 2, when: "the ledger has a slot that nobody owes", change: { owed: [] }, says: /in no schedule/ },
  {
    promise: 3,
    when: "a post is on another account",
    change: { posts: [post({ xUserId: "43" })] },
    says: /account 43, not on 42/,
  },
  { promise: 3, when: "a post belongs to nobody", change: { posts: [unmatched()] }, says: /belongs to no slot/ },
  { promise: 4, when: "a post is early", change: { posts: [post({ createdAt: minutes(-1) })] }, says: /60 s early/ },
  {
    promise: 4,
    when: "a post is behind its window",
    change: { posts: [post({ createdAt: minutes(46) })] },
    says: /60 s after its window/,
  },
  { promise: 4, when: "two posts are too close", change: secondPost(30, 10), says: /came 1500 s after .*gap is 1800/ },
  {
    promise: 4,
    when: "an outage gives an older slot a post",
    change: { ...withClient({ lateThen: "post" }), ...secondPost(60, 2) },
    says: new RegExp(`${id} was posted although ${second} was due`),
  },
  {
    promise: 5,
    when: "a day's posts are passed in the ledger",
    change: { spend: [...evidence().spend, { scope: "acme", period: "2026-11-22", posts: 3, completions: 0, usd: 0 }] },
    says: /2026-11-22: 3 posts of 2/,
  },
  {
    promise: 5,
    when: "a day's completions are passed in the ledger",
    change: { spend: [...evidence().spend, { scope: "*", period: "2026-11-22", posts: 0, completions: 5, usd: 0 }] },
    says: /5 completions of 4/,
  },
  {
    promise: 5,
    when: "a month's money is passed",
    change: { spend: [...evidence().spend, { scope: "*", period: "2026-11", posts: 0, completions: 0, usd: 1.01 }] },
    says: /\* in 2026-11: \$1.01 of \$1.00/,
  },
  {
    promise: 5,
    when: "spend belongs to nobody",
    change: { spend: [...evidence().spend, { scope: "ghost", period: "2026-11", posts: 0, completions: 0, usd: 0 }] },
    says: /ghost, which is no client/,
  },
  {
    promise: 5,
    when: "a completion was not counted",
    change: withJournal(({ completions }) => completions.push({ ...first(completions), usd: 0.02 })),
    says: /the ledger has \$0.016, charged were \$0.036/,
  },
  {
    promise: 5,
    when: "a completion without a price of its own was not counted",
    change: withJournal(({ completions }) => completions.push({ ...first(completions), usd: 0 })),
    says: /the ledger has 1 completions, the models made 2/,
  },
  {
    promise: 5,
    when: "a read was not counted",
    change: withJournal(({ charges }) => charges.push({ account: "42", client: "acme", kind: "read", usd: 0.005 })),
    says: /charged were \$0.021/,
  },
  {
    promise: 5,
    when: "a charge is no client's",
    change: withJournal(({ charges }) => charges.push({ account: "42", client: "", kind: "user", usd: 0.01 })),
    says: /to 42 \(user\), which no client had asked for/,
  },
  {
    promise: 5,
    when: "the services saw more completions than a day allows",
    change: withJournal(({ completions }) => {
      for (let count = 0; count < 4; count += 1) completions.push({ ...first(completions), usd: 0 });
    }),
    says: /acme on 2026-11-21: the services saw 1 posts and 5 completions/,
  },
  { promise: 6, when: "a text left without an intent", change: { intents: [] }, says: /without an intent/ },
  {
    promise: 6,
    when: "one intent let two texts leave",
    change: withJournal(({ sends }) => sends.push(first(sends))),
    says: /without an intent/,
  },
  {
    promise: 6,
    when: "a text left while the ledger was gone",
    change: { ledgerGone: [{ from: minutes(4.8), until: minutes(60) }] },
    says: /sent while the ledger was gone/,
  },
  {
    promise: 6,
    when: "a model without a price was asked",
    change: withJournal(({ completions }) => completions.push({ ...first(completions), priced: false, usd: 0 })),
    says: /asked openai\/gpt-5-mini for acme, which had no price/,
  },
  ...(["send:account:42", "model:client:acme"] as const).flatMap((bucket) => [
    {
      promise: 6,
      when: `no limiter answered for ${bucket}`,
      change: withTakes((takes) => takes.filter(({ keys }) => !keys.includes(bucket))),
      says: /that no limiter had allowed/,
    },
    {
      promise: 6,
      when: `the limiter had denied ${bucket}`,
      change: withTakes((takes) => takes.map((take) => ({ ...take, allowed: !take.keys.includes(bucket) }))),
      says: /run-1 made a (send|completion) for acme that no limiter had allowed/,
    },
    {
      promise: 6,
      when: `the limiter allowed ${bucket} only afterwards`,
      change: withTakes((takes) => takes.map((take) => ({ ...take, answeredAt: minutes(6) }))),
      says: /that no limiter had allowed/,
    },
    {
      promise: 6,
      when: `only another run was allowed ${bucket}`,
      change: withTakes((takes) => takes.map((take) => ({ ...take, run: "run-0" }))),
      says: /that no limiter had allowed/,
    },
  ]),
  {
    promise: 6,
    when: "one take let two completions leave",
    change: withJournal(({ completions }) => completions.push(first(completions))),
    says: /made a completion for acme that no limiter had allowed/,
  },
  {
    promise: 6,
    when: "one take let one run send twice",
    change: withJournal(({ sends }) => sends.push(first(sends))),
    says: /made a send for acme that no limiter had allowed/,
  },
  { promise: 7, when: "a post is no stored text", change: { posts: [unmatched()] }, says: /no slot's stored text/ },
  {
    promise: 7,
    when: "a send had another text",
    change: withJournal(({ sends }) => sends.splice(0, 1, { ...first(sends), text: "two" })),
    says: /sent another text/,
  },
  {
    promise: 7,
    when: "a model was asked behind the stored draft",
    change: withJournal(({ completions }) => completions.push({ ...first(completions), askedAt: minutes(6), usd: 0 })),
    says: /asked a model behind the stored draft/,
  },
  {
    promise: 8,
    when: "a log leaks",
    change: { watch: { ...evidence().watch, leaks: ["sim-1: token"] } },
    says: /sim-1: token/,
  },
  { promise: 8, when: "a row leaks", change: { leakingTables: ["send"] }, says: /table send holds a secret/ },
  {
    promise: 9,
    when: "a summary commands the runner",
    change: { watch: { ...evidence().watch, unescaped: ["sim-1: ::error::"] } },
    says: /::error::/,
  },
  { promise: 10, when: "a post has no receipt", change: { receipts: new Map() }, says: /has no slot/ },
  {
    promise: 10,
    when: "a post is no slot's",
    change: { posts: [unmatched()] },
    says: /post 77: the receipt has no slot/,
  },
  ...(
    [
      [{ post: { id: "1", xUserId: "42", postedAt: plannedAt } }, /no post$/],
      [{ receipt: {} }, /no commit, prompt version, checks$/],
      [{ modelUsd: 0, xUsd: 0 }, /no cost$/],
      [{ post: { id: "77", xUserId: "42", postedAt: minutes(-1) } }, /no lateness$/],
    ] as const
  ).map(([change, says]) => ({
    promise: 10,
    when: `a receipt lacks ${says}`,
    change: { receipts: new Map([[id, explanation(change)]]) },
    says,
  })),
];

test.for(planted)("promise $promise is broken when $when", ({ promise, change, says }) => {
  const verdict = judgePromises(evidence(change))[promise - 1];
  expect(verdict?.broken.join("\n")).toMatch(says);
});

test("a second send leaves by the take of the first, and is told", () => {
  const again = withJournal(({ sends }) => sends.push({ ...first(sends), run: "run-2", sentAt: minutes(30) }));
  const intents = [...evidence().intents, { ...first(evidence().intents), run: "run-2", armedAt: minutes(29) }];
  const verdict = judgePromises(evidence({ ...again, intents }))[5];
  expect(verdict).toMatchObject({
    broken: [],
    looked: expect.stringContaining("1 second send by the take of the first"),
  });
});

test("a request that a model refused is no completion", () => {
  const refused = withJournal(({ completions, takes }) => {
    for (let count = 0; count < 9; count += 1) {
      completions.push({ ...first(completions), worked: false, usd: 0 });
      takes.push(first(takes));
    }
  });
  expect(judgePromises(evidence(refused)).flatMap(({ broken }) => broken)).toEqual([]);
});

test("a promise without a case is not shown, and counts as broken where posts were owed", () => {
  const nothing = evidence({ owed: [], slots: new Map(), posts: [], intents: [], spend: [], journal: openJournal() });
  const promises = judgePromises({ ...nothing, watch: { ...nothing.watch, lines: 0 }, rows: 0 });
  expect(new Set(promises.map(({ verdict }) => verdict))).toEqual(new Set(["not shown"]));
  const ticks = { due: 1, missed: 0, late: 0, runs: { done: 1 } };
  expect([0, 1].map((owed) => exitCodeOf({ promises, ticks, owed }))).toEqual([0, 1]);
  const kept = judgePromises(evidence());
  expect(exitCodeOf({ promises: kept, ticks, owed: 1 })).toBe(0);
  expect(exitCodeOf({ promises: kept, ticks: { ...ticks, runs: { bug: 1 } }, owed: 1 })).toBe(1);
  expect(exitCodeOf({ promises: judgePromises(evidence({ posts: [] })), ticks, owed: 0 })).toBe(1);
});

test("a post belongs to the slot whose text was allowed to leave last before it", () => {
  const drafts = new Map([id, second].map((slot) => [slot, { slot, text: " one ", storedAt: minutes(0) }]));
  const intents = [
    { slot: id, client: "acme", run: "run-1", armedAt: minutes(1) },
    { slot: second, client: "acme", run: "run-2", armedAt: minutes(30) },
  ];
  const slotAt = (after: number) => matchPosts([unmatched(minutes(after))], drafts, intents)[0]?.slot;
  expect([0, 2, 20, 31].map(slotAt)).toEqual([undefined, id, undefined, second]);
});

function unmatched(createdAt = minutes(5)) {
  const { slot: _, ...rest } = post({ createdAt });
  return rest;
}

function first<T>(list: readonly T[]): T {
  return list[0] as T;
}
