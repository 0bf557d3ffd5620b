import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Context } from "../../src/commands/context.ts";
import { type RotateOptions, runRotate } from "../../src/commands/rotate.ts";
import { seal } from "../../src/commands/seal.ts";
import { exampleRecipient } from "../../src/commands/sealed-file.ts";
import { UserError } from "../../src/errors.ts";
import { openCredentials, sealCredentials } from "../../src/post/seal.ts";
import { writeSealed } from "../../src/post/write-sealed.ts";
import { decryptWith, encryptTo, newIdentity } from "../../src/vendors/age.ts";
import { hasAgeCommand, runAge } from "../vendors/age-command.ts";

const [before, after, colleague] = [await newIdentity(), await newIdentity(), await newIdentity()];
const ids = ["acme", "bolt", "cora"];
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clara-rotate-"));
  await mkdir(join(root, "clients"));
  for (const id of ids) await write(id, writeSealed(`# the client ${id}\r\nname: ${id}\r\n`, await blockOf(id)));
  await write("plain", "name: nothing is sealed here\n");
  await write("_defaults", "recipient: is read elsewhere\n");
});
afterEach(() => rm(root, { recursive: true }));

const pathOf = (id: string) => join(root, "clients", `${id}.yaml`);
const write = (id: string, text: string) => writeFile(pathOf(id), text);
const secretsOf = (id: string) => ({
  access_token: `1-canary-${id}`,
  access_secret: "canary",
  openai_api_key: "sk-canary",
});

function blockOf(id: string, recipient = before.recipient): Promise<string> {
  return sealCredentials(secretsOf(id), id, (plain) => encryptTo(recipient, plain));
}

function rotate(change: Partial<RotateOptions> = {}): Promise<string> {
  const identities = { identity: before.identity, newIdentity: after.identity };
  return runRotate({ root, recipients: [after.recipient], ...identities, ...change });
}

async function sealedIn(id: string): Promise<string> {
  return parse(await readFile(pathOf(id), "utf8")).credentials.sealed;
}

async function opensAll(identity: string): Promise<readonly boolean[]> {
  return Promise.all(
    ids.map(async (id) =>
      openCredentials(await sealedIn(id), id, (block) => decryptWith(identity, block)).then(
        ({ x, openaiApiKey }) => x.accessToken === `1-canary-${id}` && openaiApiKey === "sk-canary",
        () => false,
      ),
    ),
  );
}

async function snapshot(): Promise<Record<string, string>> {
  const names = await readdir(join(root, "clients"));
  const texts = await Promise.all(names.map((name) => readFile(join(root, "clients", name), "utf8")));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? ""]));
}

async function expectUnchanged(change: Partial<RotateOptions>, says: readonly (string | RegExp)[]) {
  const files = await snapshot();
  const error: unknown = await rotate(change).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  for (const words of says) expect((error as UserError).message).toMatch(words);
  expect((error as UserError).message).not.toMatch(/canary|AGE-SECRET-KEY-1[0-9A-Z]{10}/);
  expect(await snapshot()).toEqual(files);
}

test("every block opens with the new identity and none with the old one, and nothing else has changed", async () => {
  const files = await snapshot();
  const said = await rotate();
  expect(await opensAll(after.identity)).toEqual([true, true, true]);
  expect(await opensAll(before.identity)).toEqual([false, false, false]);
  const now = await snapshot();
  expect(Object.keys(now)).toEqual(Object.keys(files));
  const withoutBlock = (text = "") => text.replace(/-----BEGIN[\s\S]*END AGE ENCRYPTED FILE-----/, "");
  for (const [name, text] of Object.entries(files)) expect(withoutBlock(now[name])).toBe(withoutBlock(text));
  expect(said).toContain(
    "credentials of 3 clients anew; every block opens with CLARA_NEW_IDENTITY. The old identity opens none",
  );
  expect(said).not.toMatch(/canary|AGE-SECRET-KEY/);
});

test("with several recipients the identity of each opens every block", async () => {
  await rotate({ recipients: [colleague.recipient, after.recipient] });
  for (const { identity } of [after, colleague]) expect(await opensAll(identity)).toEqual([true, true, true]);
  expect(await opensAll(before.identity)).toEqual([false, false, false]);
});

test("a recipient can be added without retiring a key", async () => {
  const said = await rotate({ recipients: [before.recipient, colleague.recipient], newIdentity: before.identity });
  for (const { identity } of [before, colleague]) expect(await opensAll(identity)).toEqual([true, true, true]);
  expect(said).toContain("No key was retired.");
});

test("a second rotation to the same key, as after a crash in the first, ends the same", async () => {
  await write("acme", writeSealed("name: acme\n", await blockOf("acme", after.recipient)));
  await rotate();
  expect(await opensAll(after.identity)).toEqual([true, true, true]);
  await rotate();
  expect(await opensAll(after.identity)).toEqual([true, true, true]);
});

test("the files keep their access rights, and no temporary one stays", async () => {
  await chmod(pathOf("acme"), 0o600);
  await rotate();
  expect((await stat(pathOf("acme"))).mode & 0o777).toBe(0o600);
  expect((await readdir(join(root, "clients"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("without any sealed block there is nothing to do", async () => {
  for (const id of ids) await rm(pathOf(id));
  expect(await rotate()).toBe("No client has sealed credentials: nothing was changed.");
});

describe("one thing in the way, and no file changes", () => {
  test.for<{ what: string; change: Partial<RotateOptions>; says: string }>([
    { what: "no identity", change: { identity: undefined }, says: "needs CLARA_IDENTITY" },
    { what: "no new identity", change: { newIdentity: undefined }, says: "CLARA_NEW_IDENTITY" },
    {
      what: "an identity that is none",
      change: { identity: "hello" },
      says: "CLARA_IDENTITY is not an age secret key",
    },
    { what: "a new identity that is none", change: { newIdentity: "hello" }, says: "CLARA_NEW_IDENTITY is not an age" },
    { what: "a new identity of another recipient", change: { newIdentity: colleague.identity }, says: "does not fit" },
    {
      what: "the old recipient among the new ones",
      change: { recipients: [after.recipient, before.recipient] },
      says: "the recipient of the old identity still stands in clients/_defaults.yaml",
    },
    { what: "the example's recipient", change: { recipients: [exampleRecipient] }, says: "run keygen" },
    { what: "a wrong recipient", change: { recipients: ["age1x"] }, says: "not an age public key" },
    {
      what: "an old identity that opens nothing",
      change: { identity: colleague.identity },
      says: "Nothing was changed:\n  the sealed block in clients/acme.yaml can't be opened",
    },
  ])("$what", async ({ change, says }) => {
    await expectUnchanged(change, [says]);
  });

  test("a block that was copied from another client, and a file that is no YAML: each is named", async () => {
    await write("bolt", writeSealed("name: bolt\n", await blockOf("acme")));
    await write("dora", "name: [");
    await expectUnchanged({}, [
      /clients\/bolt\.yaml belongs to another client/,
      /clients\/dora\.yaml: .*not a valid YAML/,
    ]);
  });

  test("a damaged block", async () => {
    await write("cora", (await readFile(pathOf("cora"), "utf8")).replace(/\r\n( +)\w{10}/, "\r\n$1AAAAAAAAAA"));
    await expectUnchanged({}, [/clients\/cora\.yaml can't be opened: the sealed block is damaged/]);
  });

  test("a link that leads out of the workspace", async () => {
    const outside = await mkdtemp(join(tmpdir(), "clara-outside-"));
    await rename(pathOf("cora"), join(outside, "cora.yaml"));
    await symlink(join(outside, "cora.yaml"), pathOf("cora"));
    await expectUnchanged({}, [/clients\/cora\.yaml is a link that leads out of the workspace/]);
    await rm(outside, { recursive: true });
  });
});

test("a temporary file of a killed run with the same process id stands in nobody's way", async () => {
  await writeFile(`${pathOf("cora")}.${process.pid}.tmp`, "of a crash");
  await rotate();
  expect(await opensAll(after.identity)).toEqual([true, true, true]);
});

test("a link to a client's file stays one, and its target is sealed anew", async () => {
  await rename(pathOf("cora"), join(root, "cora.yaml"));
  await symlink("../cora.yaml", pathOf("cora"));
  await rotate();
  expect((await lstat(pathOf("cora"))).isSymbolicLink()).toBe(true);
  expect(await opensAll(after.identity)).toEqual([true, true, true]);
});

test("what is rotated here opens with the age command, and what that command encrypted is rotated", async ({
  skip,
}) => {
  if (!hasAgeCommand()) skip("the age command is not installed; CI installs it");
  const plain = JSON.stringify({ client: "acme", ...secretsOf("acme") });
  const theirs = await runAge("age", ["--encrypt", "--armor", "-r", before.recipient], plain);
  await write("acme", writeSealed("name: acme\n", theirs));
  await rotate();
  const file = join(root, "identity.txt");
  await writeFile(file, after.identity);
  expect(await runAge("age", ["--decrypt", "-i", file], await sealedIn("acme"))).toBe(plain);
  await writeFile(file, before.identity);
  await expect(runAge("age", ["--decrypt", "-i", file], await sealedIn("acme"))).rejects.toThrow(/no identity matched/);
});

describe("the command", () => {
  const contextOf = (positionals: readonly string[], flags: object, written: string[] = []) =>
    ({
      arguments: { root, positionals, flags },
      environment: { CLARA_IDENTITY: before.identity, CLARA_NEW_IDENTITY: after.identity },
      write: (text: string) => written.push(text),
    }) as unknown as Context;

  test.for([
    { words: [], flags: {} },
    { words: ["acme"], flags: { rotate: true } },
  ])("takes a client or --rotate: $words $flags is wrong usage", async ({ words, flags }) => {
    await expect(seal(contextOf(words, flags))).rejects.toMatchObject({ name: "UserError", exitCode: 2 });
  });

  test("reads the recipients from the defaults and the identities from the environment", async () => {
    const global = "global: { posts_per_day: 5, completions_per_day: 5, usd_per_month: 5 }";
    await write("_defaults", `recipient: [${after.recipient}, ${colleague.recipient}]\n${global}\n`);
    const written: string[] = [];
    expect(await seal(contextOf([], { rotate: true }, written))).toBe(0);
    expect(written.join("")).toMatch(/^Sealed the credentials of 3 clients anew/);
    expect(await opensAll(colleague.identity)).toEqual([true, true, true]);
  });
});
