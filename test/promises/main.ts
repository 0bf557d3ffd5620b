import { parseArgs } from "node:util";
import type { Mutation } from "./mutation.ts";
import { mutations } from "./mutations.ts";
import { copyTree, type Tree } from "./trees.ts";
import { type Row, tableOf, unfit, type Verdict, verdictOf } from "./verdict.ts";

/** Copies of the tree, each with one vitest at a time. */
const parallel = 2;

/** Works on every item, one per tree at a time. */
async function inTrees<T>(trees: readonly Tree[], items: readonly T[], work: (tree: Tree, item: T) => Promise<void>) {
  const queue = items.values();
  await Promise.all(
    trees.map(async (tree) => {
      for (const item of queue) await work(tree, item);
    }),
  );
}

/** Why a mutation's test is no judge of it, by mutation. Each test file runs once, on the code as it is. */
async function findUnfit(trees: readonly Tree[], chosen: readonly Mutation[]): Promise<ReadonlyMap<Mutation, string>> {
  const found = new Map<Mutation, string>();
  await inTrees(trees, [...Map.groupBy(chosen, ({ testFile }) => testFile)], async (tree, [testFile, judging]) => {
    const names = judging.map(({ test }) => test);
    const first = await tree.test(testFile, names);
    const run = names.some((name) => unfit(first, name) !== undefined) ? await tree.test(testFile, names) : first;
    for (const mutation of judging) {
      const why = unfit(run, mutation.test);
      if (why !== undefined) found.set(mutation, why);
    }
  });
  return found;
}

async function judge(trees: readonly Tree[], chosen: readonly Mutation[]): Promise<readonly Row[]> {
  const unfitTests = await findUnfit(trees, chosen);
  const rows = new Map<Mutation, Row>();
  await inTrees(trees, chosen, async (tree, mutation) => {
    const startedMs = performance.now();
    const why = unfitTests.get(mutation);
    const verdict: Verdict = why === undefined ? await judged(tree, mutation) : { verdict: "broken", why };
    rows.set(mutation, { mutation, ...verdict, seconds: (performance.now() - startedMs) / 1000 });
  });
  return chosen.flatMap((mutation) => rows.get(mutation) ?? []);
}

/** A check that could not be made is made once more: a process may be ended by a busy machine, or by V8 itself (nodejs/node#64500). */
async function judged(tree: Tree, mutation: Mutation): Promise<Verdict> {
  const first = verdictOf(await tree.testMutated(mutation), mutation);
  return first.verdict === "broken" ? verdictOf(await tree.testMutated(mutation), mutation) : first;
}

const { values } = parseArgs({ options: { json: { type: "boolean" }, promise: { type: "string" } } });
const chosen = mutations.filter(({ promise }) => values.promise === undefined || String(promise) === values.promise);
const trees = await Promise.all(Array.from({ length: parallel }, copyTree));
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
const rows = await judge(trees, chosen);
const text = values.json ? JSON.stringify({ rows }, null, 2) : tableOf(rows);
process.stdout.write(`${text}\n`);
const isKept = rows.length > 0 && rows.every(({ verdict }) => verdict === "killed");
process.exitCode = isKept ? 0 : 1;
