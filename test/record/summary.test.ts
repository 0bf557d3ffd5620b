import fc from "fast-check";
import { expect, test } from "vitest";
import type { SlotResult } from "../../src/record/report.ts";
import { renderSummary } from "../../src/record/summary.ts";
import { terminalSummary } from "../../src/record/terminal.ts";
import type { SummaryContext } from "../../src/record/verdict.ts";
import { shortened, storable } from "../../src/record/visible.ts";
import type { Problem } from "../../src/terms.ts";
import { hostileText, quiet, realRun, reportOf, sandboxRun, slotResult } from "./examples.ts";
import { parseMarkdown } from "./parse-markdown.ts";

const problem: Problem = {
  file: "clients/beta.yaml",
  line: 12,
  column: 5,
  message: "unknown field shedule",
  hint: "schedule",
  severity: "error",
};

const mixed: readonly SlotResult[] = [
  slotResult({
    postId: "123",
    text: "Fresh bread from seven.",
    model: "openai/gpt-5-mini",
    usage: { inputTokens: 1200, cachedTokens: 0, outputTokens: 34 },
  }),
  slotResult({ slot: "beta/2026-11-21T09:05", client: "beta", outcome: "dead", cause: "account", reason: "suspended" }),
  slotResult({
    slot: "gamma/2026-11-21T06:00",
    client: "gamma",
    outcome: "missed",
    cause: "too-late",
    reason: "3 h late",
  }),
  slotResult({ slot: "delta/2026-11-21T09:00", client: "delta", outcome: "unknown", reason: "no answer in 20 s" }),
  slotResult({
    slot: "omega/2026-11-21T09:00",
    client: "omega",
    outcome: "skipped",
    cause: "rehearsal",
    reason: "rehearsal",
    rehearsal: true,
    text: "A text that was not sent.",
  }),
];

test("line 1 gives the counts, the cost and the time, line 2 says who must act", () => {
  const [first, , second] = renderSummary(reportOf(mixed), { ...quiet, problems: [problem] }).split("\n");
  expect(first).toBe("✅ 1 posted · ⏭ 1 skipped · ⌛ 1 missed · ❓ 1 unknown · ❌ 1 dead · $0.0765 · 38 s");
  expect(second).toBe("A person must look: 1 dead letter and 1 configuration problem.");
});

test.for([
  { halts: 0, also: "", says: "Nothing needs a person." },
  { halts: 1, also: "", says: "1 halt stands until a person lifts it." },
  { halts: 2, also: "", says: "2 halts stand until a person lifts them." },
  {
    halts: 1,
    also: " and a dead letter",
    says: "A person must look: 1 dead letter. 1 halt stands until a person lifts it.",
  },
])("with $halts standing halts$also the summary, the terminal and the report say so", ({ halts, also, says }) => {
  const slots = also === "" ? [] : [slotResult({ outcome: "dead", reason: "suspended" })];
  const standing = ["*", "acme"].slice(0, halts).map((scope) => ({ scope, why: "a typo" }));
  const report = reportOf(slots, realRun, standing);
  expect(report.halts ?? []).toEqual(standing);
  expect(renderSummary(report, quiet).split("\n")[2]?.endsWith(says)).toBe(true);
  expect(terminalSummary(report, quiet).split("\n")[1]?.endsWith(says)).toBe(true);
});

test("the parts stand in the order in which a person needs them", () => {
  const markdown = renderSummary(reportOf(mixed), { ...quiet, problems: [problem] });
  expect(markdown.match(/^### .*$/gm)).toEqual([
    "### Configuration problems",
    "### Not posted",
    "### Posts",
    "### Rehearsals: would have posted",
    "### Figures",
    "### Notes",
  ]);
});

test("a tick in which all was posted says that nothing needs a person, and shows no empty part", () => {
  const markdown = renderSummary(reportOf([slotResult()]), quiet);
  expect(markdown).toContain("✅ 1 posted · $0.0153 · 38 s\n\nNothing needs a person.\n");
  expect(markdown.match(/^### .*$/gm)).toEqual(["### Posts", "### Figures", "### Notes"]);
});

test("a post has its client, its time and lateness, its text, link, model and cost", () => {
  const { tables } = parseMarkdown(renderSummary(reportOf(mixed.slice(0, 1)), quiet));
  expect(words(tables[0])).toEqual([
    ["Client", "Planned (local)", "Late", "Text", "Post", "Model", "Cost"],
    ["acme", "2026-11-21 09:00", "38 s", "Fresh bread from seven.", "open", "openai/gpt-5-mini", "$0.0153"],
  ]);
  expect(tables[0]?.[1]?.[4]?.urls).toEqual(["https://x.com/acme_inc/status/123"]);
});

test("a post in the sandbox has its id and no link, and one without a model says that it is a fallback", () => {
  const { tables } = parseMarkdown(renderSummary(reportOf([slotResult({ postId: "123" })], sandboxRun), quiet));
  expect(words(tables[0])[1]).toEqual(["acme", "2026-11-21 09:00", "38 s", "", "123", "fallback text", "$0.0153"]);
  expect(tables[0]?.[1]?.[4]?.urls).toEqual([]);
});

test("each failure has its reason and the next action, the gravest first", () => {
  const { tables } = parseMarkdown(renderSummary(reportOf(mixed), quiet));
  expect(words(tables[0]).map(([outcome, slots, why]) => [outcome, slots, why])).toEqual([
    ["Outcome", "Slots", "Why"],
    ["❌ dead", "beta/2026-11-21T09:05", "suspended"],
    ["❓ unknown", "delta/2026-11-21T09:00", "no answer in 20 s"],
    ["⌛ missed", "gamma/2026-11-21T06:00", "3 h late"],
  ]);
  expect(words(tables[0])[1]?.[3]).toContain("Log in to the account on X");
});

test("slots deferred for one cause share a row that counts slots and clients", () => {
  const slots = Array.from({ length: 12 }, (_, index) =>
    slotResult({
      slot: `c${index}/2026-11-21T09:00`,
      client: `c${index}`,
      outcome: "deferred",
      cause: "rate-limited",
      reason: "X rate limit, until 10:15",
    }),
  );
  const { tables } = parseMarkdown(renderSummary(reportOf(slots), quiet));
  expect(words(tables[0])).toHaveLength(2);
  expect(words(tables[0])[1]?.slice(0, 3)).toEqual([
    "⏸ deferred",
    "12 slots of 12 clients: c0/2026-11-21T09:00, c1/2026-11-21T09:00, c2/2026-11-21T09:00, c3/2026-11-21T09:00, c4/2026-11-21T09:00 and 7 more",
    "X rate limit, until 10:15",
  ]);
});

test("dead letters of one cause share a row that names every one, because a person looks at each", () => {
  const slots = Array.from({ length: 30 }, (_, index) =>
    slotResult({ slot: `c${index}/1`, client: `c${index}`, outcome: "dead", cause: "content", reason: "same" }),
  );
  const { tables } = parseMarkdown(renderSummary(reportOf(slots), quiet));
  expect(words(tables[0]).map((row) => row[1])).toEqual([
    "Slots",
    `30 slots of 30 clients: ${slots.map(({ slot }) => slot).join(", ")}`,
  ]);
});

test("a rehearsal shows what would have been posted", () => {
  const { tables } = parseMarkdown(renderSummary(reportOf(mixed.slice(4)), quiet));
  expect(words(tables[0])[1]).toEqual([
    "omega",
    "2026-11-21 09:00",
    "A text that was not sent.",
    "fallback text",
    "$0.0153",
  ]);
});

test("configuration problems give place, message and correction, errors before warnings", () => {
  const warning: Problem = { ...problem, severity: "warning", line: 3, message: "never posts" };
  const context = { ...quiet, problems: [warning, problem], broken: new Set(["beta", "gamma"]) };
  const markdown = renderSummary(reportOf([]), context);
  const [table] = parseMarkdown(markdown).tables;
  expect(words(table).slice(1)).toEqual([
    ["❌", "clients/beta.yaml:12:5", "unknown field shedule", "schedule"],
    ["⚠️", "clients/beta.yaml:3:5", "never posts", "schedule"],
  ]);
  expect(markdown).toContain("Nothing is posted until their files are mended: beta, gamma.");
});

test("a client whose file is broken is named alone", () => {
  const markdown = renderSummary(reportOf([]), { ...quiet, problems: [problem], broken: new Set(["beta"]) });
  expect(markdown).toContain("Nothing is posted until its file is mended: beta.");
});

test("a tick with nothing due says so, why, and when the next slot is", () => {
  const markdown = renderSummary(reportOf([]), {
    ...quiet,
    lastPost: { client: "hourly", postedAt: new Date("2026-11-21T07:58:38Z") },
    next: { id: "hourly/2026-11-21T10:00", client: "hourly", plannedAt: new Date("2026-11-21T09:00:38Z") },
  });
  expect(markdown.split("\n").slice(0, 3)).toEqual([
    "💤 Nothing was due · $0.00 · 38 s",
    "",
    "The latest post went out 2 min ago, for hourly. Next: hourly at 2026-11-21 10:00 its local time, in 1 h 00 min. Nothing needs a person.",
  ]);
  expect(renderSummary(reportOf([]), quiet)).toContain("No client has a slot ahead.");
});

test("the four figures stand for all and for each client", () => {
  const markdown = renderSummary(reportOf(mixed), quiet);
  expect(markdown).toContain("- Tokens: 1,234, for $0.0765 with the posts\n");
  expect(markdown).toContain("- Posts: 1 succeeded, 2 failed\n");
  expect(markdown).toContain("- Loop runtime: 38 s; error rate: 66.7%, 2 of 3 attempted\n");
  expect(markdown).toContain("- Rate-limit queue depth: 0 slots\n");
  expect(words(parseMarkdown(markdown).tables.at(-1)).slice(0, 3)).toEqual([
    ["Client", "Posted", "Failed", "Tokens", "Cost"],
    ["acme", "1", "0", "1,234", "$0.0153"],
    ["beta", "0", "1", "0", "$0.0153"],
  ]);
});

test("notes close the summary with what answered each service", () => {
  const notes = ["Upstash did not answer: the limits in Postgres decided."];
  const mode = { ...realRun.mode, x: "sandbox" } as const;
  const real = renderSummary(reportOf([], { ...realRun, mode }), { ...quiet, notes });
  expect(real).toContain(`### Notes\n\n- ${notes[0]}\n- Services: ledger real, limiter real, model real, x sandbox.\n`);
  expect(renderSummary(reportOf([], sandboxRun), quiet)).toContain("- Sandbox: nothing left this machine.\n");
});

test("whatever names, texts and errors contain, the summary has the same structure and shows it as text", () => {
  const plain = parseMarkdown(hostileSummary(() => "x"));
  fc.assert(
    fc.property(fc.array(hostileText, { minLength: 8, maxLength: 8 }), (texts) => {
      const markdown = hostileSummary((index) => `x${texts[index]}x`);
      const parsed = parseMarkdown(markdown);
      expect(parsed.outline).toEqual(plain.outline);
      expect(parsed.tables.map((rows) => rows.map((cells) => cells.map(({ nodes }) => nodes)))).toEqual(
        plain.tables.map((rows) => rows.map((cells) => cells.map(({ nodes }) => nodes))),
      );
      const cells = parsed.tables.flat(2);
      expect(cells.flatMap(({ urls }) => urls)).toEqual(["https://x.com/acme_inc/status/123"]);
      // The note, last, stands in no table.
      for (const [index, text] of texts.slice(0, -1).entries()) {
        const limit = index === 0 ? 100 : 300;
        const inReport = index === 0 || index === 4 ? storable(`x${text}x`) : `x${text}x`;
        expect(cells.map(({ words: shown }) => shown)).toContain(shortened(inReport, limit));
      }
      expect(markdown).not.toMatch(/@\w|(?<!x\.com|https):\/\/|www\.|#\d|:tada:/);
    }),
    { numRuns: 300 },
  );
});

test("dollar signs in a text make no formula", () => {
  const markdown = renderSummary(reportOf([slotResult({ text: "from $x^2$ to $5" })]), quiet);
  expect(markdown).toContain("from $x^2\\$ to $5");
});

test("20,000 slots stay under one mebibyte, and the summary says how many rows it left out", {
  timeout: 600_000,
}, () => {
  const slots = Array.from({ length: 20_000 }, (_, index) =>
    slotResult({ slot: `c${index % 50}/${index}`, client: `c${index % 50}`, postId: "1", text: "ü".repeat(280) }),
  );
  const markdown = renderSummary(reportOf(slots), quiet);
  expect(Buffer.byteLength(markdown)).toBeLessThan(1024 * 1024);
  expect(Buffer.byteLength(markdown)).toBeGreaterThan(990_000);
  const shown = parseMarkdown(markdown).tables[0]?.length ?? 0;
  const more = /\nand ([\d,]+) more, see the ledger\n/.exec(markdown)?.[1]?.replaceAll(",", "");
  expect(shown - 1 + Number(more)).toBe(20_000);
  expect(markdown.includes("### Figures")).toBe(true);
});

test("texts, reasons, messages and notes of a megabyte stay under one mebibyte", () => {
  const huge = "|x ".repeat(350_000);
  const slots = [
    ...Array.from({ length: 30 }, (_, index) => slotResult({ slot: `a/${index}`, text: huge, model: huge })),
    ...Array.from({ length: 30 }, (_, index) => slotResult({ slot: `b/${index}`, outcome: "dead", reason: huge })),
  ];
  const context = {
    problems: [{ ...problem, message: huge, hint: huge, file: huge }],
    notes: [huge],
    broken: new Set([huge]),
  };
  const markdown = renderSummary(reportOf(slots), context);
  expect(Buffer.byteLength(markdown)).toBeLessThan(200_000);
});

test("10,000 dead letters of one cause are named to the last, and stay under one mebibyte", {
  timeout: 600_000,
}, () => {
  const slots = Array.from({ length: 10_000 }, (_, index) => {
    const client = `a-client-with-a-rather-long-name-${index}`;
    return slotResult({ slot: `${client}/2026-11-21T09:00`, client, outcome: "dead", reason: "sent twice" });
  });
  const markdown = renderSummary(reportOf(slots), quiet);
  expect(Buffer.byteLength(markdown)).toBeLessThan(1024 * 1024);
  const named = new Set(markdown.match(/a-client-with-a-rather-long-name-\d+(?=\/)/g));
  expect(named.size).toBe(10_000);
});

test("10,000 slots that one outage held back are one row", { timeout: 600_000 }, () => {
  const slots = Array.from({ length: 10_000 }, (_, index) =>
    slotResult({
      slot: `c${index}/1`,
      client: `c${index}`,
      outcome: "deferred",
      cause: "unavailable",
      reason: index % 10 === 0 ? `ECONNRESET at ${index}` : "X answered 503",
    }),
  );
  const { tables } = parseMarkdown(renderSummary(reportOf(slots), quiet));
  expect(words(tables[0]).slice(1)).toEqual([
    [
      "⏸ deferred",
      "10,000 slots of 10,000 clients: c0/1, c1/1, c2/1, c3/1, c4/1 and 9,995 more",
      "X answered 503 (9,000 slots); ECONNRESET at 0 (1 slot); ECONNRESET at 10 (1 slot) and 998 other reasons",
      "Nothing: a later tick tries again. If it lasts, look at the service's status page.",
    ],
  ]);
});

test("long lists of problems, notes and clients give way as well", { timeout: 600_000 }, () => {
  const long = "y".repeat(280);
  const context: SummaryContext = {
    problems: Array.from({ length: 5000 }, () => ({ ...problem, message: long })),
    notes: Array.from({ length: 5000 }, () => long),
    broken: new Set(Array.from({ length: 5000 }, (_, index) => `client-${index}`)),
  };
  const slots = Array.from({ length: 5000 }, (_, index) =>
    slotResult({ slot: `c${index}/1`, client: `c${index}`, outcome: "dead", reason: long }),
  );
  const markdown = renderSummary(reportOf(slots), context);
  expect(Buffer.byteLength(markdown)).toBeLessThan(1024 * 1024);
  expect(/\nand [\d,]+ more, run the validate command to see all\n/.test(markdown)).toBe(true);
  expect(markdown.split("\n")[0]).toContain("❌ 5,000 dead");
});

/** Every place of a summary that can hold foreign text, filled by number. */
function hostileSummary(textAt: (index: number) => string): string {
  const posted = slotResult({ postId: "123", text: textAt(0), client: textAt(1), model: textAt(2) });
  const dead = slotResult({ slot: textAt(3), client: "b", outcome: "dead", reason: textAt(4) });
  const problems = [{ ...problem, message: textAt(5), hint: textAt(6) }];
  const context = { problems, notes: [textAt(7)], broken: new Set([textAt(1)]) };
  return renderSummary(reportOf([posted, dead]), context);
}

function words(rows: readonly (readonly { words: string }[])[] | undefined): string[][] {
  return (rows ?? []).map((cells) => cells.map((cell) => cell.words));
}
