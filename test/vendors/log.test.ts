import fc from "fast-check";
import { expect, test } from "vitest";
import { PostingError, UserError } from "../../src/errors.ts";
import { logged, open, said } from "./log-lines.ts";

test("away from a terminal a line has the full time, the level, the event and its fields", () => {
  const { log, lines } = open();
  log.warn("slot deferred", { slot: "acme/2026-11-21T09:00", reason: "bucket is empty", waitSeconds: 3 });
  expect(lines()).toEqual([
    expect.stringMatching(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn slot deferred slot=acme\/2026-11-21T09:00 reason="bucket is empty" waitSeconds=3$/,
    ),
  ]);
});

test("on a terminal the line is short", () => {
  const { log, lines } = open({ isTTY: true });
  log.info("tick started");
  expect(lines()).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d info {2}tick started$/)]);
});

test.for([
  { level: "debug", written: ["debug", "info", "warn", "error"] },
  { level: "info", written: ["info", "warn", "error"] },
  { level: "warn", written: ["warn", "error"] },
  { level: "error", written: ["error"] },
] as const)("at level $level these are written: $written", ({ level, written }) => {
  const { log, lines } = open({ level });
  for (const name of ["debug", "info", "warn", "error"] as const) log[name](name);
  expect(lines().map(said)).toEqual(written);
});

test("debug lines are left out unless asked for", () => {
  const { log, lines } = open();
  log.debug("detail");
  expect(lines()).toEqual([]);
});

test.for([
  { fields: { a: "plain", b: "with space", c: "" }, line: 'event a=plain b="with space" c=""' },
  { fields: { a: 1.5, b: true, c: null, d: undefined }, line: "event a=1.5 b=true c=null" },
  { fields: { a: ["x", 1], b: { c: "d e" } }, line: 'event a=["x",1] b={"c":"d e"}' },
  { fields: { at: new Date("2026-11-21T09:00:00Z") }, line: "event at=2026-11-21T09:00:00.000Z" },
  { fields: { text: 'say "hi" a=b' }, line: 'event text="say \\"hi\\" a=b"' },
  { fields: { text: "日本 👩‍🔧" }, line: 'event text="日本 👩‍🔧"' },
  {
    fields: { level: "trace", time: 0, event: "other", fields: 1 },
    line: "event level=trace time=0 event=other fields=1",
  },
])("$fields is written as $line", ({ fields, line }) => {
  expect(logged(fields)).toBe(line);
});

test("a field that contains itself is written all the same", () => {
  const circle: Record<string, unknown> = { name: "round" };
  circle.self = circle;
  expect(logged({ circle })).toContain("round");
});

test("an expected error tells its kind and message; any other its stack, and never its fields", () => {
  expect(logged({ error: new PostingError("unavailable", "Upstash is down") })).toBe(
    'event error="unavailable: Upstash is down"',
  );
  expect(logged({ error: new UserError("no such client") })).toBe('event error="no such client"');
  const bug = Object.assign(new TypeError("x is not a function"), { headers: "oauth_signature" });
  expect(logged({ error: bug })).toMatch(/^event error="TypeError: x is not a function\\n {4}at .*log\.test\.ts/);
  expect(logged({ error: bug })).not.toContain("oauth_signature");
  Object.defineProperty(bug, "stack", { value: undefined });
  expect(logged({ error: bug })).toBe('event error="TypeError: x is not a function"');
});

test("a long value is cut at 2,000 characters and says how much is missing", () => {
  expect(logged({ text: "x".repeat(2500) })).toBe(`event text="${"x".repeat(2000)}… and 500 more"`);
  expect(logged({ text: "x".repeat(2000) })).toBe(`event text=${"x".repeat(2000)}`);
});

test("no value breaks its line, repaints the terminal or commands the runner", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "\n::error::x",
      "a\r::add-mask::b",
      "##[error]x",
      "\u001b[2J",
      "\u202egpj",
      "\u009b31m",
      "\u2028::error::",
    ),
  );
  fc.assert(
    fc.property(hostile, hostile, (key, value) => {
      const { log, lines } = open({ folds: true });
      log.info("event", { [key]: value, list: [value] });
      log.warn(value);
      const group = log.group(value);
      group.info("event", { value });
      group.close();
      expect(lines()).toHaveLength(5);
      expect(lines().filter((line) => /^\s*::/.test(line))).toEqual([lines()[2], "::endgroup::"]);
      expect(lines()[2]?.startsWith("::group::")).toBe(true);
      for (const line of lines()) expect(line).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      for (const line of [0, 1, 3]) expect(lines()[line]).not.toContain("##[");
    }),
    { numRuns: 500 },
  );
});

test("in Actions the lines of a group stand together under a fold, and failures outside of it at once", () => {
  const { log, lines } = open({ folds: true, level: "debug" });
  const [acme, blue] = [log.group("acme"), log.group("blue")];
  acme.info("draft stored");
  blue.info("draft stored");
  acme.debug("detail");
  blue.error("dead letter");
  expect(lines().map(said)).toEqual(["dead letter"]);
  acme.close();
  acme.close();
  blue.close();
  expect(
    lines()
      .slice(1)
      .map((line) => (line.startsWith("::") ? line : said(line))),
  ).toEqual([
    "::group::acme",
    "draft stored",
    "detail",
    "::endgroup::",
    "::group::blue",
    "draft stored",
    "::endgroup::",
  ]);
});

test("a group without lines leaves no trace", () => {
  const { log, lines } = open({ folds: true });
  log.group("quiet").close();
  expect(lines()).toEqual([]);
});

test("elsewhere the lines of a group are written at once", () => {
  const { log, lines } = open();
  const group = log.group("acme");
  group.info("draft stored", { client: "acme" });
  expect(lines().map(said)).toEqual(["draft stored client=acme"]);
  group.close();
  expect(lines()).toHaveLength(1);
});
