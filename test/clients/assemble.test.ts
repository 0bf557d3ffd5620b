import { describe, expect, test } from "vitest";
import { cpuMs } from "../support/cpu-time.ts";
import { clientYaml, defaultsYaml, pricesYaml, promptYaml, said, workspaceWith } from "./workspace.ts";

const clientPath = "clients/acme.yaml";
const promptPath = "prompts/quick-tip.prompt.yml";

/** The client file with one piece replaced, or with lines put before `posts:` (line 11). */
const swap = (from: string, to: string) => ({ [clientPath]: clientYaml.replace(from, to) });
const add = (lines: string) => swap("posts:", `${lines}\nposts:`);
const sealHint = "run `npm start -- seal <client>`, which writes the sealed block";
const gapHint = "move them apart, write fewer of them, or lower schedule.min_gap";

interface Case {
  when: string;
  files: Record<string, string | Uint8Array | undefined>;
  expected: string[];
}

const clientCases: Case[] = [
  {
    when: "a field has a typing error",
    files: swap("timezone", "tmezone"),
    expected: [`${clientPath}:4:1 unknown field "tmezone" (write "timezone")`],
  },
  {
    when: "a nested field is unknown",
    files: swap("  times", "  jiter: 5m\n  times"),
    expected: [`${clientPath}:7:3 unknown field "jiter" (write "jitter")`],
  },
  {
    when: "a field is the start of a known one",
    files: add("links: { max: 2 }"),
    expected: [`${clientPath}:11:10 unknown field "max" (write "max_per_week")`],
  },
  {
    when: "two fields are missing",
    files: swap("name: Acme Coffee\nhandle: acme_coffee\n", ""),
    expected: [`${clientPath}:1:1 missing fields: name, handle (for example name: "Acme Coffee")`],
  },
  {
    when: "a field of a list item is missing",
    files: swap("- prompt: quick-tip", "- weight: 2"),
    expected: [`${clientPath}:12:5 missing field in posts[0]: prompt (for example prompt: "quick-tip")`],
  },
  {
    when: "the file is a list",
    files: { [clientPath]: "- a\n" },
    expected: [`${clientPath}:1:1 the file must hold fields, one under the other (write name: value)`],
  },
  {
    when: "the file is empty",
    files: { [clientPath]: "# nothing\n" },
    expected: [`${clientPath}:1:1 the file is empty (fill it in, or delete it)`],
  },
  {
    when: "a value is missing",
    files: swap("name: Acme Coffee", "name:"),
    expected: [
      `${clientPath}:1:1 name must be a text of 1 to 100 characters on one line; it is empty (write for example "Acme Coffee")`,
    ],
  },
  {
    when: "the id is a number",
    files: swap('"101"', "101"),
    expected: [
      `${clientPath}:3:12 x_user_id must be the account's numeric id, in quotes; it is 101 (put it in quotes)`,
    ],
  },
  {
    when: "the handle has an @",
    files: swap("acme_coffee", '"@acme"'),
    expected: [
      `${clientPath}:2:9 handle must be 1 to 15 letters, digits or underscores, without @; it is "@acme" (write for example "acme_coffee")`,
    ],
  },
  {
    when: "a time is not on the clock",
    files: swap("17:30", "25:00"),
    expected: [
      `${clientPath}:7:20 schedule.times[1] must be a local time from 00:00 to 23:59; it is "25:00" (write for example "09:00")`,
    ],
  },
  {
    when: "a time stands twice",
    files: swap("17:30", "09:00"),
    expected: [`${clientPath}:7:20 schedule.times names this twice (remove one of the two)`],
  },
  {
    when: "a weekday is unknown",
    files: swap("weekdays", "[mon, funday]"),
    expected: [
      `${clientPath}:6:15 schedule.days[1] must be one of mon, tue, wed, thu, fri, sat, sun; it is "funday" (write for example "mon")`,
    ],
  },
  {
    when: "the schedule is empty",
    files: swap('schedule:\n  days: weekdays\n  times: ["09:00", "17:30"]', "schedule:"),
    expected: [
      `${clientPath}:5:1 schedule must be days, and either times or posting_hours with posts_per_day; it is empty (write for example {"days":"weekdays","times":["09:00","17:30"],"jitter":"10m"})`,
    ],
  },
  {
    when: "there are no days",
    files: swap("weekdays", "[]"),
    expected: [
      `${clientPath}:6:9 schedule.days must be a list of days from mon to sun; it is a list of 0 (write for example ["mon","wed","fri"])`,
    ],
  },
  {
    when: "a topic with a colon turns into a mapping",
    files: swap("brewing at home", "brewing: at home"),
    expected: [
      `${clientPath}:10:5 topics[0] must be a text of 1 to 1000 characters without control characters; it is a mapping (write for example "brewing at home")`,
    ],
  },
  {
    when: "days is another word",
    files: swap("weekdays", "never"),
    expected: [
      `${clientPath}:6:9 schedule.days must be daily, weekdays, weekends, or a list of days from mon to sun; it is "never" (write for example ["mon","wed","fri"])`,
    ],
  },
  {
    when: "times and posting hours both stand there",
    files: swap("  times", '  posting_hours: "09:00-18:00"\n  times'),
    expected: [
      `${clientPath}:6:3 times and posting_hours exclude each other (keep times, or posting_hours with posts_per_day)`,
    ],
  },
  {
    when: "posting hours come without a number of posts",
    files: swap('times: ["09:00", "17:30"]', 'posting_hours: "09:00-18:00"'),
    expected: [
      `${clientPath}:6:3 posting_hours and posts_per_day belong together (write for example times: ["09:00", "17:30"], or posting_hours: "09:00-18:00" with posts_per_day: 4)`,
    ],
  },
  {
    when: "there are no times at all",
    files: swap('  times: ["09:00", "17:30"]\n', ""),
    expected: [
      `${clientPath}:6:3 the schedule has no times (write for example times: ["09:00", "17:30"], or posting_hours: "09:00-18:00" with posts_per_day: 4)`,
    ],
  },
  {
    when: "posting hours end before they start",
    files: swap('times: ["09:00", "17:30"]', "posting_hours: 18:00-09:00\n  posts_per_day: 2"),
    expected: [`${clientPath}:7:18 schedule.posting_hours end before they start (write for example "09:00-18:00")`],
  },
  {
    when: "posting hours are too short for so many posts",
    files: swap('times: ["09:00", "17:30"]', "posting_hours: 09:00-10:00\n  posts_per_day: 10"),
    expected: [`${clientPath}:8:18 posts stand 6m apart, which is less than the min_gap of 30m (${gapHint})`],
  },
  {
    when: "posts fall into one minute",
    files: swap('times: ["09:00", "17:30"]', "posting_hours: 09:00-09:00\n  posts_per_day: 2\n  min_gap: 0s"),
    expected: [`${clientPath}:8:18 posts stand 0m apart, which is less than a minute (${gapHint})`],
  },
  {
    when: "two times are closer than the gap",
    files: swap("17:30", "09:10"),
    expected: [`${clientPath}:7:20 posts stand 10m apart, which is less than the min_gap of 30m (${gapHint})`],
  },
  {
    when: "the night between two days is shorter than the gap",
    files: swap('["09:00", "17:30"]', '["23:50", "00:05"]'),
    expected: [`${clientPath}:7:11 posts stand 15m apart, which is less than the min_gap of 30m (${gapHint})`],
  },
  {
    when: "the client's own jitter reaches the next post",
    files: swap("  times", "  jitter: 9h\n  times"),
    expected: [`${clientPath}:7:11 the jitter of 9h reaches the next post, 510m later (write a jitter below 510m)`],
  },
  {
    when: "an inherited jitter reaches the next post",
    files: {
      "clients/_defaults.yaml": `${defaultsYaml}  schedule: { jitter: 31m, min_gap: 90s }\n`,
      ...swap("17:30", "09:30"),
    },
    expected: [`${clientPath}:6:3 the jitter of 31m reaches the next post, 30m later (write a jitter below 30m)`],
  },
  {
    when: "lateness is longer than a day",
    files: swap("  times", "  late: { within: 25h }\n  times"),
    expected: [`${clientPath}:7:19 schedule.late.within must be from 1m to 24h; it is 25h (write for example "45m")`],
  },
  {
    when: "a duration has no unit",
    files: swap("  times", "  min_gap: 30\n  times"),
    expected: [
      `${clientPath}:7:12 schedule.min_gap must be a length of time in hours (h), minutes (m) and seconds (s); it is 30 (put it in quotes)`,
    ],
  },
  {
    when: "dates do not exist or run backwards",
    files: swap("  times", "  except: [2026-02-30, 2026-12-24/2026-12-01, 2026-12-24]\n  times"),
    expected: [
      `${clientPath}:7:12 the date 2026-02-30 does not exist (write a day of the calendar as YYYY-MM-DD)`,
      `${clientPath}:7:24 the dates 2026-12-24/2026-12-01 end before they start (write "2026-12-01/2026-12-24")`,
    ],
  },
  {
    when: "the zone has a typing error",
    files: swap("Europe/Berlin", "Europe/Berln"),
    expected: [`${clientPath}:4:11 "Europe/Berln" is not a time zone (write "Europe/Berlin")`],
  },
  {
    when: "the zone is an offset",
    files: swap("Europe/Berlin", '"+02:00"'),
    expected: [
      `${clientPath}:4:11 "+02:00" is not a time zone (write an IANA name such as "Europe/Berlin" or "America/New_York")`,
    ],
  },
  {
    when: "the prompt does not exist",
    files: swap("quick-tip", "quik-tip"),
    expected: [`${clientPath}:12:13 the prompt "quik-tip" does not exist (write "quick-tip")`],
  },
  {
    when: "the prompt does not exist, and the schema has a word too, also about another prompt",
    files: {
      [clientPath]: `${clientYaml.replace("Europe/Berlin", "5").replace("quick-tip", "quik-tip")}  - prompt: ""\n  - 7\n`,
    },
    expected: [
      `${clientPath}:4:11 timezone must be the name of an IANA time zone; it is 5 (put it in quotes)`,
      `${clientPath}:12:13 the prompt "quik-tip" does not exist (write "quick-tip")`,
      `${clientPath}:13:13 posts[1].prompt must be the id of a prompt; it is "" (write for example "quick-tip")`,
      `${clientPath}:14:5 posts[2] must be prompt and an optional weight; it is 7 (write for example {"prompt":"quick-tip","weight":3})`,
    ],
  },
  {
    when: "posts is no list",
    files: { [clientPath]: clientYaml.replace(/posts:[\s\S]*/, "posts: quik-tip\n") },
    expected: [
      `${clientPath}:11:8 posts must be a list of 1 to 50 prompts, each with an optional weight; it is "quik-tip" (write for example [{"prompt":"quick-tip","weight":3},{"prompt":"open-question"}])`,
    ],
  },
  {
    when: "the prompt is a draft",
    files: { [promptPath]: promptYaml.replace("published", "draft") },
    expected: [
      `${clientPath}:12:13 the prompt "quick-tip" is not published: it is draft (set state: published in ${promptPath}, or take another prompt)`,
    ],
  },
  {
    when: "the model has no price",
    files: add("model: openai/gpt-5-mni\nfallback_models: [other/thing]"),
    expected: [
      `${clientPath}:11:8 the model "openai/gpt-5-mni" has no price in clients/_prices.yaml (write "openai/gpt-5-mini")`,
      `${clientPath}:12:19 the model "other/thing" has no price in clients/_prices.yaml (add it to clients/_prices.yaml, or name a model that stands there)`,
    ],
  },
  {
    when: "the prompt allows none of the client's models",
    files: { [promptPath]: `${promptYaml}models: [openai/gpt-4.1-mini]\n` },
    expected: [
      `${clientPath}:12:13 the prompt "quick-tip" runs on none of this client's models (set model or fallback_models to one of openai/gpt-4.1-mini)`,
    ],
  },
  {
    when: "nobody names a model",
    files: { "clients/_defaults.yaml": defaultsYaml.replace("  model: openai/gpt-5-mini\n", "") },
    expected: [
      `${clientPath}:1:1 the client has no model (add for example model: "openai/gpt-5-mini", here or in _defaults.yaml)`,
    ],
  },
  {
    when: "a secret stands in plain text under credentials",
    files: add("credentials:\n  access_token: hunter2"),
    expected: [
      `${clientPath}:12:3 "access_token" puts a secret into the file in plain text (remove it, replace that secret at its service, and ${sealHint})`,
    ],
  },
  {
    when: "a secret stands in plain text elsewhere",
    files: add("api_secret: hunter2"),
    expected: [
      `${clientPath}:11:1 "api_secret" puts a secret into the file in plain text (remove it, replace that secret at its service, and ${sealHint})`,
    ],
  },
  {
    when: "credentials are a text",
    files: add("credentials: hunter2"),
    expected: [`${clientPath}:11:14 credentials must hold a sealed block (${sealHint})`],
  },
  {
    when: "the sealed block is no age block",
    files: add("credentials:\n  sealed: hunter2"),
    expected: [
      `${clientPath}:12:11 credentials.sealed is not a block of the age format (run \`npm start -- seal <client>\` and keep its block as it is)`,
    ],
  },
  {
    when: "a fallback is too long for X because of its links",
    files: add(`fallbacks:\n  - short\n  - "${"see a.co ".repeat(12)}"`),
    expected: [`${clientPath}:13:5 fallbacks[1] counts 336 characters on X (shorten it to 280)`],
  },
  {
    when: "a key is __proto__",
    files: swap("  times", "  __proto__: { jitter: 1m }\n  times"),
    expected: [
      `${clientPath}:7:3 unknown field "__proto__" (remove it; known here: days, times, posting_hours, posts_per_day, jitter, late, min_gap, except)`,
    ],
  },
  {
    when: "a key is constructor",
    files: add("constructor: 1"),
    expected: [
      expect.stringContaining(`${clientPath}:11:1 unknown field "constructor" (remove it; known here: name,`) as string,
    ],
  },
  {
    when: "links are neither a word nor a number",
    files: add("links: [deny]"),
    expected: [
      `${clientPath}:11:8 links must be deny, allow, or max_per_week with a number; it is a list of 1 (write for example "deny")`,
    ],
  },
  {
    when: "a value is a mapping",
    files: swap("Warm and dry.", "{ tone: warm }"),
    expected: [
      `${clientPath}:8:8 voice must be a text of 1 to 4000 characters; it is a mapping (write for example "Warm, dry humour, short sentences. Never salesy, no exclamation marks.")`,
    ],
  },
];

const otherCases: Case[] = [
  {
    when: "a prompt uses an unknown variable",
    files: { [promptPath]: promptYaml.replace("{{topic}}", "{{topik}} {{topik}} {{anything at all}}") },
    expected: [
      `${promptPath}:8:14 the variable {{topik}} is unknown (write "topic")`,
      `${promptPath}:8:14 the variable {{anything at all}} is unknown (use one of client, voice, topic, topics, language, date, weekday, max_length, links, recent_posts)`,
    ],
  },
  {
    when: "a prompt's version is a number",
    files: { [promptPath]: promptYaml.replace('"1.0.0"', "1.0") },
    expected: [
      `${promptPath}:2:10 version must be one to three numbers with dots between them, in quotes; it is 1 (put it in quotes)`,
    ],
  },
  {
    when: "a prompt parameter has the API's name",
    files: { [promptPath]: `${promptYaml}modelParameters: { max_tokens: 100 }\n` },
    expected: [`${promptPath}:9:20 unknown field "max_tokens" (write "maxTokens")`],
  },
  {
    when: "a prompt limits its tokens twice",
    files: { [promptPath]: `${promptYaml}modelParameters: { maxTokens: 100, maxCompletionTokens: 100 }\n` },
    expected: [`${promptPath}:9:57 maxTokens and maxCompletionTokens mean the same (keep one of the two)`],
  },
  {
    when: "the price of a model is not there",
    files: { "clients/_prices.yaml": pricesYaml.replace("output: 2, ", "") },
    expected: ["clients/_prices.yaml:2:22 missing field in models.openai/gpt-5-mini: output (for example output: 2)"],
  },
  {
    when: "a model in the price file has no provider",
    files: { "clients/_prices.yaml": pricesYaml.replace("openai/gpt-4.1-mini", "gpt-4.1-mini") },
    expected: [
      'clients/_prices.yaml:3:3 "gpt-4.1-mini" is not a name of the form provider/model (write for example "openai/gpt-5-mini")',
    ],
  },
  {
    when: "a price was checked on a day that never was",
    files: { "clients/_prices.yaml": pricesYaml.replace("2026-11-20", "2026-02-29") },
    expected: [
      "clients/_prices.yaml:2:72 the date 2026-02-29 does not exist (write a day of the calendar as YYYY-MM-DD)",
    ],
  },
  {
    when: "the price file is missing",
    files: { "clients/_prices.yaml": undefined },
    expected: [
      "clients/_prices.yaml:1:1 this file is missing (every workspace needs it: take the one that came with Clara)",
    ],
  },
  {
    when: "the defaults name a model without a price",
    files: { "clients/_defaults.yaml": defaultsYaml.replace("gpt-5-mini", "gpt-5-mni") },
    expected: [
      'clients/_defaults.yaml:8:10 the model "openai/gpt-5-mni" has no price in clients/_prices.yaml (write "openai/gpt-5-mini")',
    ],
  },
  {
    when: "the recipient is a secret key",
    files: { "clients/_defaults.yaml": defaultsYaml.replace(/age1\w+/, "AGE-SECRET-KEY-1ABC") },
    expected: [
      expect.stringMatching(/^clients\/_defaults.yaml:1:12 recipient must be an age public key; it is /) as string,
    ],
  },
  {
    when: "one of several recipients is a secret key",
    files: { "clients/_defaults.yaml": defaultsYaml.replace(/(age1\w+)/, "[$1, AGE-SECRET-KEY-1ABC]") },
    expected: [
      expect.stringMatching(/^clients\/_defaults.yaml:1:77 recipient\[?.*must be an age public key; it is /) as string,
    ],
  },
  {
    when: "the list of recipients is empty",
    files: { "clients/_defaults.yaml": defaultsYaml.replace(/age1\w+/, "[]") },
    expected: [
      expect.stringMatching(
        /^clients\/_defaults.yaml:1:12 recipient must be a list of 1 to 20 age public keys; it is /,
      ) as string,
    ],
  },
  {
    when: "the recipient is neither a key nor a list",
    files: { "clients/_defaults.yaml": defaultsYaml.replace(/age1\w+/, "7") },
    expected: [
      expect.stringMatching(
        /^clients\/_defaults.yaml:1:12 recipient must be an age public key, or a list of them; it is 7/,
      ) as string,
    ],
  },
  {
    when: "the defaults hold a field of one client",
    files: { "clients/_defaults.yaml": `${defaultsYaml}  handle: acme\n` },
    expected: [
      'clients/_defaults.yaml:9:3 unknown field "handle" (remove it; known here: status, schedule, language, model, fallback_models, limits, links, avoid, fallbacks, made_with_ai, members)',
    ],
  },
];

describe("a problem says where it is and what to write instead", () => {
  test.for([...clientCases, ...otherCases])("when $when", ({ files, expected }) => {
    const workspace = workspaceWith(files);
    expect(said(workspace.problems)).toEqual(expected);
    expect(workspace.problems.every(({ severity }) => severity === "error")).toBe(true);
    expect([...workspace.broken]).toEqual(["acme"]);
    expect(workspace.clients).toEqual([]);
  });
});

test("no value that stands under credentials is repeated", () => {
  for (const lines of ["credentials: hunter2", "credentials: [hunter2]", "credentials: { sealed: 1, hunter2: 1 }"]) {
    const problems = workspaceWith(add(lines)).problems;
    expect(problems).toHaveLength(1);
    if (!lines.includes("hunter2:")) expect(JSON.stringify(problems)).not.toContain("hunter2");
  }
});

test.for([
  { file: "clients/Beta One.yaml", id: "Beta One", message: 'the file name "Beta One" is not an id', hint: "beta-one" },
  { file: "clients/acme-.yaml", id: "acme-", message: 'the file name "acme-" is not an id', hint: "example acme" },
  { file: "clients/a--b.yaml", id: "a--b", message: 'the file name "a--b" is not an id', hint: "example a-b" },
  { file: "clients/-.yaml", id: "-", message: 'the file name "-" is not an id', hint: "acme" },
  {
    file: "clients/beta.yml",
    id: "beta",
    message: "files of this kind end in .yaml",
    hint: "rename it to clients/beta.yaml",
  },
  { file: "clients/acme.yml", id: "acme", message: "clients/acme.yaml exists too", hint: "delete one of the two" },
])("$file is refused by its name", ({ file, id, message, hint }) => {
  const text = clientYaml.replace("acme_coffee", "beta").replace("101", "102");
  const { problems, broken } = workspaceWith({ [file]: text });
  expect(problems).toEqual([
    { file, line: 1, column: 1, message, hint: expect.stringContaining(hint) as string, severity: "error" },
  ]);
  expect([...broken]).toEqual([id]);
});

test.for([
  { file: "prompts/tip.yml", hint: "rename it to prompts/tip.prompt.yml" },
  { file: "prompts/tip.prompt.yaml", hint: "rename it to prompts/tip.prompt.yml" },
])("$file is refused by its name and no client suffers", ({ file, hint }) => {
  const { problems, broken } = workspaceWith({ [file]: promptYaml });
  expect(said(problems)).toEqual([`${file}:1:1 files of this kind end in .prompt.yml (${hint})`]);
  expect(broken.size).toBe(0);
});

test("files that are not YAML are nobody's business", () => {
  const workspace = workspaceWith({
    "clients/README.md": "# hello",
    "clients/eu/acme.yaml": "no: [",
    "other/a.yaml": "no: [",
  });
  expect(workspace.problems).toEqual([]);
  expect(workspace.clients).toHaveLength(1);
});

test("clients on one X account are all told about it, whatever the case of the handle", () => {
  const { problems, broken, clients } = workspaceWith({
    "clients/beta.yaml": clientYaml.replace("acme_coffee", "ACME_Coffee").replace("101", "102"),
    "clients/gamma.yaml": clientYaml.replace("acme_coffee", "gamma"),
    "clients/delta.yaml": clientYaml.replace("acme_coffee", "delta").replace("101", "103"),
  });
  const hint = "(every client needs an X account of its own: change or remove one of the files)";
  expect(said(problems)).toEqual([
    `clients/acme.yaml:2:9 handle is the same as in clients/beta.yaml ${hint}`,
    `clients/acme.yaml:3:12 x_user_id is the same as in clients/gamma.yaml ${hint}`,
    `clients/beta.yaml:2:9 handle is the same as in clients/acme.yaml ${hint}`,
    `clients/gamma.yaml:3:12 x_user_id is the same as in clients/acme.yaml ${hint}`,
  ]);
  expect([...broken].sort()).toEqual(["acme", "beta", "gamma"]);
  expect(clients.map(({ id }) => id)).toEqual(["delta"]);
});

test("three clients with one handle name one another and count the rest", () => {
  const twin = (id: string) => clientYaml.replace("101", id);
  const { problems } = workspaceWith({ "clients/b.yaml": twin("102"), "clients/c.yaml": twin("103") });
  expect(problems.map(({ message }) => message)).toEqual([
    "handle is the same as in clients/b.yaml and 1 more",
    "handle is the same as in clients/acme.yaml and 1 more",
    "handle is the same as in clients/acme.yaml and 1 more",
  ]);
});

test("one broken client leaves the others in peace", () => {
  const { clients, broken } = workspaceWith({ "clients/beta.yaml": "name: [" });
  expect(clients.map(({ id }) => id)).toEqual(["acme"]);
  expect([...broken]).toEqual(["beta"]);
});

test("without readable prices nothing can be afforded and every client is broken", () => {
  const { prices, broken, defaults } = workspaceWith({
    "clients/_prices.yaml": "{",
    "clients/_defaults.yaml": undefined,
  });
  expect(prices.x.postUsd).toBe(Number.POSITIVE_INFINITY);
  expect(prices.models.size).toBe(0);
  expect(defaults.global.postsPerDay).toBe(0);
  expect([...broken]).toEqual(["acme"]);
});

test("the models' common rate is as the defaults say, and left to the gate when they don't", () => {
  const rated = (rate: string) =>
    `${defaultsYaml.replace("global:\n", `global:\n  model_requests_per_second: ${rate}\n`)}`;
  const settings = workspaceWith({ "clients/_defaults.yaml": rated("300") });
  expect(settings.defaults.modelRequestsPerSecond).toBe(300);
  expect(settings.problems).toEqual([]);
  expect(workspaceWith().defaults.modelRequestsPerSecond).toBeUndefined();
  expect(said(workspaceWith({ "clients/_defaults.yaml": rated("0") }).problems)).toMatchObject([
    expect.stringContaining("a whole number from 1 to 1000"),
  ]);
});

test("a broken prompt is told once, not at each client that uses it", () => {
  const { problems, broken, prompts } = workspaceWith({
    [promptPath]: promptYaml.replace("{{topic}}", "{{topik}}"),
    "clients/beta.yaml": clientYaml.replace("acme_coffee", "beta").replace("101", "102"),
  });
  expect(problems).toHaveLength(1);
  expect([...broken].sort()).toEqual(["acme", "beta"]);
  expect(prompts.size).toBe(0);
});

test("what works and still surprises is a warning, and the client goes on", () => {
  const { problems, clients, broken } = workspaceWith(add("status: active\nlimits: { posts_per_day: 1 }"));
  expect(problems.map(({ severity, line, message }) => ({ severity, line, message }))).toEqual([
    { severity: "warning", line: 12, message: "the schedule owes 2 posts a day, and limits.posts_per_day allows 1" },
  ]);
  expect(clients).toHaveLength(1);
  expect(broken.size).toBe(0);
});

test("a warning about something inherited points into the client's file", () => {
  const defaults = defaultsYaml.replace("rehearsal", "active").concat("  limits: { posts_per_day: 1 }\n");
  const { problems } = workspaceWith({ "clients/_defaults.yaml": defaults });
  expect(problems.map(({ file, line, column }) => [file, line, column])).toEqual([[clientPath, 6, 3]]);
});

test("a file that is wrong from top to bottom gives twenty problems and a note, and takes no time", () => {
  const startedMs = cpuMs();
  const { problems } = workspaceWith({
    [clientPath]: Array.from({ length: 20_000 }, (_, i) => `field${i}: 1`).join("\n"),
  });
  expect(problems).toHaveLength(21);
  expect(problems.at(-1)?.message).toBe("there are more problems in this file");
  expect(cpuMs() - startedMs).toBeLessThan(10_000);
});
