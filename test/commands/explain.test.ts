import { expect, test } from "vitest";
import { explain } from "../../src/commands/explain.ts";
import { leverStage } from "../support/levers.ts";

const stage = leverStage();
const slot = "acme/2026-11-21T09:00";

async function posted(): Promise<void> {
  const steps = stage.steps();
  await steps.openTick({ run: "run-1" });
  await steps.send("text");
  await steps.record("posted", { postId: "77" });
}

test.for([
  slot,
  "77",
  "https://x.com/acme_inc/status/77",
  "http://www.twitter.com/acme_inc/status/77?s=20",
  "https://mobile.twitter.com/acme_inc/status/77/photo/1",
  "https://x.com/i/web/status/77#top",
  "x.com/acme_inc/status/77",
  "X.com/acme_inc/status/77?s=20",
  "twitter.com/acme_inc/status/77",
  "www.x.com/i/web/status/77",
  "mobile.twitter.com/acme_inc/status/77/photo/1",
])("%s leads to the receipt", async (named) => {
  await posted();
  const { code, stdout } = await stage.pull(explain, ["explain", named]);
  expect(code).toBe(0);
  expect(stdout).toContain("Post: 77, by the account 42\n");
  const document = JSON.parse((await stage.pull(explain, ["explain", named, "--json"])).stdout);
  expect(document).toMatchObject({ slot, post: { id: "77" }, latenessSeconds: 0, costUsd: 0 });
});

test.for([
  "78",
  "acme/1",
  "https://evil.example/acme/status/77",
  "https://x.com/acme/77",
  "evil.example/x.com/acme/status/77",
  "notx.com/acme/status/77",
  "//x.com/acme/status/77",
  "ftp://x.com/acme/status/77",
  "https://x.com.evil.example/a/status/77",
])("%s is known to nobody: a sentence and exit code 1", async (named) => {
  await posted();
  await expect(stage.pull(explain, ["explain", named])).rejects.toMatchObject({
    exitCode: 1,
    message: `the ledger knows no slot and no post ${named}: \`plan\` shows what slots are called`,
  });
});

test("what was asked for is shown without what a terminal would obey", async () => {
  await expect(stage.pull(explain, ["explain", "\u001b[2Ja\u202eb"])).rejects.toMatchObject({
    message: /no post \\u001b\[2Ja\\u202eb:/,
  });
});
