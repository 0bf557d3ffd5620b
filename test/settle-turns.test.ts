import { expect, test } from "vitest";
import { PostingError } from "../src/errors.ts";
import type { ClientState, OutcomeInput, UnsettledSlot, XAccount } from "../src/ports.ts";
import type { Services } from "../src/services.ts";
import { settleSends } from "../src/settle.ts";
import type { Client } from "../src/terms.ts";
import { tickDouble } from "./support/tick.ts";

/** Which of several unclear sends X is asked about. */

const now = new Date("2026-11-21T09:30:00Z");
const rest: ClientState = {
  backoff: { until: new Date(now.getTime() + 3_600_000), reason: "it rests" },
  accounts: new Map(),
};
const slot = {
  plannedAt: new Date("2026-11-21T09:00:00Z"),
  fence: 4,
  draft: { text: "Good morning" },
  armedAt: new Date("2026-11-21T09:01:00Z"),
  sends: 1,
  absentReads: 0,
} as unknown as UnsettledSlot;

interface SixOptions {
  runId?: string;
  /** These wait for another hour. */
  resting?: readonly string[];
  /** What is said of each send. */
  change?: Partial<UnsettledSlot>;
}

/** Six clients with an unclear send each; X answers the reads of some, and no others. */
function openSix(
  isAnswered: (client: string) => boolean,
  { runId = "run-1", resting = [], change = {} }: SixOptions = {},
) {
  const ids = ["a", "b", "c", "d", "e", "f"];
  const limits = { postsPerDay: 10, completionsPerDay: 100, usdPerMonth: 10 };
  const schedule = { lateWithinSeconds: 3600, lateThen: "post" };
  const clients = ids.map((id) => ({ id, status: "active", xUserId: id, limits, schedule }) as unknown as Client);
  const asked: string[] = [];
  const openClient: Services["openClient"] = async ({ id }) => ({
    model: () => Promise.reject(new Error("no model is asked")),
    x: async () => ({ account: accountOf(id), fingerprint: "print", app: "app", ownApp: false }),
  });
  const accountOf = (id: string) =>
    ({
      postsSince: async () => {
        asked.push(id);
        if (isAnswered(id)) return { posts: [] };
        throw new PostingError("outcome-unknown", "X answered 503");
      },
    }) as unknown as XAccount;
  const recorded: OutcomeInput[] = [];
  const tick = tickDouble({ now, clients, openClient });
  Object.assign(tick.run, { id: runId });
  Object.assign(tick.services, {
    ledger: {
      countRead: async () => ({ counted: true }),
      recordAbsence: async () => 1 + (change.absentReads ?? 0),
      recordOutcome: async (outcome: OutcomeInput) => recorded.push(outcome) > 0,
    },
  });
  const unsettled = ids.map((id) => ({ ...slot, ...change, id: `${id}/2026-11-21T09:00`, client: id, xUserId: id }));
  const backoffs = new Map(resting.map((id) => [id, rest]));
  return { asked, recorded, settle: () => settleSends(tick, { clients: backoffs, open: [], unsettled }) };
}

test("while X answers for none of the first three sends, it is not asked about the others", async () => {
  const { asked, recorded, settle } = openSix(() => false);
  const { results } = await settle();
  expect(asked).toHaveLength(3);
  expect(results.map(({ outcome }) => outcome)).toEqual(Array(6).fill("unknown"));
  expect(results.filter(({ cause }) => cause === "unavailable")).toHaveLength(3);
  // What is read again and again may not speak for the others.
  const own = [expect.objectContaining({ scope: "client", cause: "unread" })];
  expect(recorded.map(({ strikes }) => strikes)).toEqual(Array(3).fill(own));
});

test("one account that can be read is enough for X to be asked about all", async () => {
  const first = openSix(() => true);
  await first.settle();
  const { asked, settle } = openSix((id) => id === first.asked[2]);
  await settle();
  expect(asked).toHaveLength(6);
});

test("a client that waits is not one of the three", async () => {
  const { asked, settle } = openSix(() => false, { resting: ["a", "b"] });
  const { results } = await settle();
  expect(asked).toHaveLength(3);
  expect(asked).not.toEqual(expect.arrayContaining(["a"]));
  expect(results).toHaveLength(6);
  expect(results.filter(({ cause }) => cause === "backing-off").map(({ client }) => client)).toEqual(
    expect.arrayContaining(["a", "b"]),
  );
  const half = openSix((id) => id === "f", { resting: ["a", "b", "c"] });
  await half.settle();
  expect(half.asked.toSorted()).toEqual(["d", "e", "f"]);
});

test("a send that is asked about a last time while its client waits is not sent again, nor is a proof bought for it", async () => {
  const change = { armedAt: new Date("2026-11-20T09:29:59Z"), absentReads: 1 };
  const { asked, settle } = openSix(() => true, { resting: ["a"], change });
  const { results } = await settle();
  expect(asked).toContain("a");
  expect(results.find(({ client }) => client === "a")).toMatchObject({
    outcome: "unknown",
    cause: "backing-off",
    reason: "it rests",
  });
});

test("each run begins with others, so that three accounts that cannot be read keep no one from being settled", async () => {
  const begun = new Set<string | undefined>();
  for (let run = 1; run <= 30; run += 1) {
    const { asked, settle } = openSix(() => false, { runId: `run-${run}` });
    await settle();
    begun.add(asked[0]);
  }
  expect(begun.size).toBe(6);
});
