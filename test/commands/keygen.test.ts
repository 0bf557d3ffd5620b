import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runKeygen } from "../../src/commands/keygen.ts";
import { UserError } from "../../src/errors.ts";
import { decryptWith, encryptTo } from "../../src/vendors/age.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-keygen-"));
});

afterEach(() => rm(folder, { recursive: true }));

test("without a file, what is printed is an identity file that says where both keys belong", async () => {
  const printed = await runKeygen({});
  const recipient = /^# public key: (age1\S+)$/m.exec(printed)?.[1] ?? "";
  expect(printed.split("\n").filter((line) => !line.startsWith("#"))).toEqual([
    expect.stringMatching(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/),
  ]);
  expect(printed).toContain(`clients/_defaults.yaml:\n#   recipient: ${recipient}\n`);
  expect(printed).toContain("GitHub secret CLARA_IDENTITY");
  expect(await decryptWith(printed, await encryptTo(recipient, "text"))).toBe("text");
});

test("with a file, the secret goes to that file alone, and only its owner may read it", async () => {
  const out = join(folder, "identity.txt");
  const printed = await runKeygen({ out });
  const recipient = printed.split("\n")[0] ?? "";
  expect(printed).toContain(`  recipient: ${recipient}`);
  expect(printed).toContain(`Store the content of ${out} as the GitHub secret CLARA_IDENTITY`);
  expect(printed).not.toContain("AGE-SECRET-KEY");
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  expect(await decryptWith(await readFile(out, "utf8"), await encryptTo(recipient, "text"))).toBe("text");
});

test("two calls make two keys", async () => {
  expect(await runKeygen({})).not.toBe(await runKeygen({}));
});

test("a file that exists is never overwritten", async () => {
  const out = join(folder, "identity.txt");
  await writeFile(out, "the only key");
  await expect(runKeygen({ out })).rejects.toThrow(
    new UserError(`${out} exists already and is left as it is (choose another name)`),
  );
  expect(await readFile(out, "utf8")).toBe("the only key");
});

test("a folder that does not exist is told", async () => {
  const out = join(folder, "missing", "identity.txt");
  await expect(runKeygen({ out })).rejects.toThrow(new UserError(`${out} can't be written (ENOENT)`));
});
