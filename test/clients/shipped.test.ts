import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadWorkspace } from "../../src/clients/load.ts";
import { said } from "./workspace.ts";

const root = join(import.meta.dirname, "..", "..");

test("every file that is shipped is free of problems", async () => {
  const { problems, broken, clients, prompts } = await loadWorkspace(root);
  expect(said(problems)).toEqual([]);
  expect(broken.size).toBe(0);
  expect(clients.length).toBeGreaterThanOrEqual(5);
  expect(prompts.size).toBeGreaterThanOrEqual(5);
});

test("every file that is shipped tells editors its schema", async () => {
  for (const folder of ["clients", "prompts"]) {
    for (const name of await readdir(join(root, folder))) {
      const [first] = (await readFile(join(root, folder, name), "utf8")).split("\n");
      expect([name, first]).toEqual([
        name,
        expect.stringMatching(
          /^# yaml-language-server: \$schema=\.\.\/schemas\/(client|prompt|defaults|prices)\.schema\.json$/,
        ),
      ]);
    }
  }
});
