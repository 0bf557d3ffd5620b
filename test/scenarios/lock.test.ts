import { expect, test } from "vitest";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import { runCli, startCli } from "../support/cli.ts";
import { holdBack } from "../support/held-service.ts";
import { createWorkspace } from "../support/workspace.ts";

/** The embedded ledger has one writer at a time. */
test("a second process on the same state folder is refused, and another folder is free", async () => {
  const workspace = await createWorkspace();
  await workspace.addClient("acme");
  const model = await startModelSandbox();
  const held = await holdBack(model.url);
  const args = ["run", "--json", "--root", workspace.root, "--now", "2026-11-21T09:04:00Z"];
  const first = startCli(args, { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: held.url });
  try {
    await expect.poll(held.asked, { timeout: 45_000 }).toBe(1);
    const second = await runCli(args);
    expect(second).toMatchObject({ code: 1, stdout: "" });
    expect(second.stderr).toContain("is open in another process. Wait until it ends, or give --state another folder.");
    const elsewhere = await runCli([...args, "--state", `${workspace.root}/other`]);
    expect(elsewhere.code, elsewhere.stderr).toBe(0);
    expect(JSON.parse(elsewhere.stdout).totals).toMatchObject({ posted: 1 });
  } finally {
    held.letGo();
    await first.finished;
    await held.close();
    await model.close();
    await workspace.remove();
  }
  const { code, stdout } = await first.finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout).totals).toMatchObject({ posted: 1 });
});
