import { expect, test } from "vitest";
import { canary, openWatch } from "../../src/simulate/watch.ts";

const token = `${canary}0123456789abcdef`;

test.for([
  token,
  `key=sk-proj-${canary}`,
  encodeURIComponent(`a=${token}`),
  ...["", "x", "xy"].map((before) => btoa(`${before}${token}`)),
])("a secret is found in %s", (line) => {
  const watch = openWatch();
  watch.line(line, "here");
  expect(watch.leaks).toEqual([expect.stringContaining("here")]);
});

test.for(["::error::x", "  ::set-output name=a::b", "text ##[group]y", "\u001b[31mred", "a \u202eb"])(
  "what a runner or a terminal obeys is found: %j",
  (line) => {
    const watch = openWatch();
    watch.line(line, "here");
    expect(watch.unescaped).toHaveLength(1);
  },
);

test.for(["</details>", "a <script>", "![x](http://example.com)", "hello @octocat", " ::error::x"])(
  "markup that acts is found in a summary: %s",
  (line) => {
    const watch = openWatch();
    watch.summary(`# Posts\n${line}`, "here");
    expect(watch.unescaped.length).toBeGreaterThan(0);
  },
);

test("plain and escaped text passes, and lines are counted", () => {
  const watch = openWatch();
  watch.summary("a &lt;b&gt; \\<script> c\n| it's 3 < 4 | me@example.com |\n`::error::` in code", "here");
  watch.line("2026-11-21T00:00:00Z info slot=acme/2026-11-21T09:00", "here");
  expect(watch).toMatchObject({ leaks: [], unescaped: [], lines: 4, summaries: 1 });
});

test("the evidence stays short", () => {
  const watch = openWatch();
  for (let count = 0; count < 50; count += 1) watch.line(token, "here");
  expect(watch.leaks).toHaveLength(20);
});
