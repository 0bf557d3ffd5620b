import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hostileTexts } from "../../src/sandbox/model-faults.ts";
import { parseMarkdown } from "../record/parse-markdown.ts";
import { runInProcess, type Stage, stages, type TickSeen } from "./whole-tick.ts";

/** Whatever X and the models say, a run in GitHub Actions tells it as text: nothing commands the runner or shapes the page. */
const open = stages();

const megabyte = 1_000_000;

/** Each has a client of its own, so that none is cut off behind another. */
const hostile: readonly string[] = [
  "::set-output name=posted::99",
  "\n::set-output name=posted::99\n::stop-commands::halt\n",
  "\r::error::one\r\n  ::warning::two\u2028::add-mask::three\u0085::group::four",
  "##[error]red ##[group]fold ##[add-mask]x ##[set-output name=posted;]99",
  "%0A::error::decoded %250A",
  "</details></table><script>alert(1)</script><img src=x onerror=alert(1)><!--",
  "` `` ``` ```` ````` ``````\n```\n# a heading\n~~~\n| a | b |\n|---|---|\n| c | d |\n",
  "@octocat #123 GH-12 octocat/hello#1 https://evil.example www.evil.example me@evil.example :tada:",
  "\u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 \u009b2J \u0007",
  "\u202edesrever\u202c \u2066isolated\u2069 \u200f\u061c\u200b\ufeff \ud800 \0",
  "A".repeat(megabyte),
  `${"::error::x ##[error] </details> `|` @a #1 ".repeat(megabyte / 40)}`,
  "ghadelimiter_\nposted<<EOF\n99\nEOF\nclient=evil",
];
const harmless = hostile.map((_, index) => `plain words ${index}`);

const clients = hostile.map((_, index) => `client-${index}`);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-hostile-"));
  // The toolkit reads the process's own environment.
  for (const name of ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"]) vi.stubEnv(name, join(folder, name));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** What a tick left for the runner. */
interface Left extends TickSeen {
  summary: string;
  outputs: string;
}

/** Three ticks of one stage: X refuses and fails with these words, then the model does, then the model writes them. */
async function ticksWith(words: readonly string[], texts: readonly string[]): Promise<readonly [Left, Left, Left]> {
  const stage = await open({ clients: [...clients, "good"] });
  const { services, workspace, tick } = stage;
  const environment = { ...actionsEnvironment(), ...services.environment };
  await services.sql(withoutBreakers);
  services.faults.x = ({ method, account }) => (method === "POST" ? refusal(stage, account, words) : undefined);
  const argv = ["run", "--root", workspace.root];
  const clock = () => new Date("2026-11-21T09:04:00Z");
  const first = await left(() => runInProcess(argv, { environment, clock }));
  delete services.faults.x;
  services.faults.model = ({ count }) => {
    const message = words[count % words.length] ?? "";
    return { kind: "error", status: 400, message, code: message.slice(0, 200), type: message.slice(0, 200) };
  };
  const second = await left(() => tick(60, { environment: actionsEnvironment() }));
  services.faults.model = () => ({ kind: "texts", texts });
  const third = await left(() => tick(60, { environment: actionsEnvironment() }));
  return [first, second, third];
}

/** Else whom X is asked for would depend on whom it answers first, and later ticks would tell X's words too. */
const withoutBreakers = `
  create function clara.forget() returns trigger language plpgsql as 'begin return null; end';
  create trigger forget before insert on clara.breaker for each row execute function clara.forget()`;

/** Half of the clients have their text refused, half get no clear answer. */
function refusal({ clients: all }: Stage, account: string | undefined, words: readonly string[]) {
  const index = all.findIndex(({ xUserId }) => xUserId === account);
  const detail = words[index];
  if (detail === undefined) return undefined;
  const status = index % 2 === 0 ? 403 : 503;
  return { kind: "answer", done: false, status, body: { title: "Said", detail, status, type: "about:blank" } } as const;
}

function actionsEnvironment(): Record<string, string> {
  const files = ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"].map((name) => [name, join(folder, name)]);
  return { GITHUB_ACTIONS: "true", ...Object.fromEntries(files) };
}

async function left(run: () => Promise<TickSeen>): Promise<Left> {
  for (const name of ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"]) await writeFile(join(folder, name), "");
  const seen = await run();
  const read = (name: string) => readFile(join(folder, name), "utf8");
  return { ...seen, summary: await read("GITHUB_STEP_SUMMARY"), outputs: await read("GITHUB_OUTPUT") };
}

/** What the runner would take as its own in a stream: `::name` at the start of a line, `##[name` anywhere (ActionCommand.cs). */
function commandsIn(stream: string): string[] {
  return stream.split(/\r\n|[\n\r\u0085\u2028\u2029]/).flatMap((line) => {
    const name = /^\s*::([^\s:]*)/.exec(line)?.[1] ?? /##\[([^\s\]]*)/.exec(line)?.[1];
    return name === undefined ? [] : [name];
  });
}

/** Node types of a summary: of what stands outside tables, and of each cell. */
function shapeOf(summary: string) {
  const { outline, tables } = parseMarkdown(summary);
  return { outline, tables: tables.map((rows) => rows.map((cells) => cells.map(({ nodes }) => nodes.join()))) };
}

/** Names and values as the runner reads them from the file. */
/** `name=value`, or `name<<delimiter`, the value, the delimiter. */
function outputsIn(file: string): Record<string, string> {
  const found = [...file.matchAll(/^([\w-]+)(?:=(.*)|<<(ghadelimiter_[\w-]+)\n([\s\S]*?)\n\3)$/gm)];
  return Object.fromEntries(found.map(([, name, line, , lines]) => [name, line ?? lines]));
}

test("words of X and of the models stay words in streams, summaries and outputs", async () => {
  const plain = await ticksWith(harmless, ['"in quotation marks"']);
  const seen = await ticksWith(hostile, hostileTexts);

  for (const [index, { stdout, stderr, summary, outputs }] of seen.entries()) {
    // The runner reads both streams. What is ours: masks, and one fold per client.
    expect(new Set(commandsIn(stderr)), `stderr of tick ${index}`).toEqual(new Set(["add-mask", "group", "endgroup"]));
    const folds = stderr.split("\n").filter((line) => line.startsWith("::group::"));
    expect(folds.every((line) => /^::group::(client-\d+|good)$/.test(line))).toBe(true);
    expect(commandsIn(stdout), `stdout of tick ${index}`).toEqual([]);
    for (const stream of [stdout, stderr, summary])
      expect(stream.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\u200b\ufeff]/u);
    const longest = Math.max(...[...stderr.split("\n"), ...summary.split("\n")].map(({ length }) => length));
    expect(longest, "the longest line").toBeLessThan(20_000);
    expect(summary.length + stderr.length + stdout.length).toBeLessThan(300_000);
    expect(summary).not.toMatch(/@\w|#\d|www\.|:tada:|(?<!x\.com|https):\/\//);
    const { outline, tables } = shapeOf(summary);
    expect(tables.flat(2).filter((nodes) => !["", "text", "link,text"].includes(nodes))).toEqual([]);
    expect(outline).toEqual(shapeOf(plain[index]?.summary ?? "").outline);
    expect(Object.keys(outputsIn(outputs))).toEqual(Object.keys(outputsIn(plain[index]?.outputs ?? "")));
    expect(outputs.trimEnd().split("\n")).toHaveLength(Object.keys(outputsIn(outputs)).length);
  }

  const [refused, failed, written] = seen;
  for (const [index, left] of [refused, failed].entries()) {
    expect(shapeOf(left.summary)).toEqual(shapeOf(plain[index]?.summary ?? ""));
    // All but the cost and the path of the summary, which may differ by a token and a folder.
    for (const name of ["posted", "failed", "dead", "queue-depth"]) {
      expect([name, outputsIn(left.outputs)[name]]).toEqual([name, outputsIn(plain[index]?.outputs ?? "")[name]]);
    }
  }
  expect(outputsIn(refused.outputs)).toMatchObject({ posted: "1", dead: String(Math.ceil(hostile.length / 2)) });
  // Words that were hidden would be well-formed as well: they must be there to be read.
  expect(refused.summary).toContain("set-output");
  expect(refused.stdout).toContain("set-output");
  expect(refused.summary).toContain("u202edesrever");
  expect(refused.stdout).toContain("\\u202edesrever");
  // A model's own words may repeat its key or the prompt: they are told nowhere, and neither are texts that no check let through.
  for (const { stdout, stderr } of [failed, written])
    expect(`${stdout}${stderr}`).not.toMatch(/set-output|alert|desrever/);
  expect(written.report?.totals.posted).toBe(0);
  for (const { stdout } of [failed, written]) expect(stdout.trimEnd().split("\n")).toHaveLength(1);
});
