import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadWorkspace } from "../../src/clients/load.ts";
import { readCredentials } from "../../src/commands/read-credentials.ts";
import { runSeal } from "../../src/commands/seal.ts";
import { exampleRecipient } from "../../src/commands/sealed-file.ts";
import { UserError } from "../../src/errors.ts";
import { openCredentials } from "../../src/post/seal.ts";
import { decryptWith, newIdentity } from "../../src/vendors/age.ts";

const key = await newIdentity();
const secrets = { access_token: "12-token", access_secret: "canary-of-acme" };
const yaml = "\ufeffname: Acme # the client\r\n\r\n# accounts\r\nhandle: 'acme'";

let root: string;
let file: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clara-seal-"));
  await mkdir(join(root, "clients"));
  file = join(root, "clients", "acme.yaml");
  await writeFile(file, yaml);
});

afterEach(() => rm(root, { recursive: true }));

function seal(options: { client?: string; recipient?: string; payload?: unknown } = {}): Promise<string> {
  const { client = "acme", recipient = key.recipient, payload = secrets } = options;
  return runSeal({ root, client, recipients: [recipient], readCredentials: async () => payload });
}

function refuseToAsk(): Promise<never> {
  throw new Error("nobody must be asked for secrets that can't be used");
}

test("the client's file gets a block that opens with the identity, and keeps everything else", async () => {
  const said = await seal();
  const text = await readFile(file, "utf8");
  expect(text.startsWith(`${yaml}\r\ncredentials:\r\n  sealed: |\r\n    -----BEGIN AGE`)).toBe(true);
  const opened = await openCredentials(parse(text).credentials.sealed, "acme", (block) =>
    decryptWith(key.identity, block),
  );
  expect(opened).toEqual({ x: { accessToken: "12-token", accessSecret: "canary-of-acme" } });
  expect(said).toBe(
    "Sealed the credentials of acme into clients/acme.yaml. Commit that file; only CLARA_IDENTITY can open it.",
  );
  expect(await readdir(join(root, "clients"))).toEqual(["acme.yaml"]);
});

test("sealing again replaces the block and nothing else", async () => {
  await seal();
  const first = await readFile(file, "utf8");
  await seal({ payload: { ...secrets, access_token: "13-token" } });
  const second = await readFile(file, "utf8");
  expect(second).not.toBe(first);
  expect(second.split("\r\n")).toHaveLength(first.split("\r\n").length);
  const opened = await openCredentials(parse(second).credentials.sealed, "acme", (block) =>
    decryptWith(key.identity, block),
  );
  expect(opened.x.accessToken).toBe("13-token");
});

test("with several recipients, the identity of each opens the block", async () => {
  const other = await newIdentity();
  const recipients = [key.recipient, other.recipient];
  await runSeal({ root, client: "acme", recipients, readCredentials: async () => secrets });
  const block = parse(await readFile(file, "utf8")).credentials.sealed;
  for (const { identity } of [key, other]) {
    const opened = await openCredentials(block, "acme", (armoured) => decryptWith(identity, armoured));
    expect(opened.x.accessToken).toBe("12-token");
  }
});

test("the file keeps its access rights", async () => {
  await chmod(file, 0o600);
  await seal();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("what was changed in the file while a person typed is kept", async () => {
  const readCredentials = async () => {
    await writeFile(file, "name: Acme Corporation\n");
    return secrets;
  };
  await runSeal({ root, client: "acme", recipients: [key.recipient], readCredentials });
  expect(parse(await readFile(file, "utf8")).name).toBe("Acme Corporation");
});

describe("a wrong request is refused, the file stays as it was, and no secret is told", () => {
  test.for([
    {
      what: "wrong credentials",
      options: { payload: { ...secrets, extra: "canary" } },
      says: /field that is not known: extra/,
    },
    {
      what: "another client's credentials",
      options: { payload: { ...secrets, client: "globex" } },
      says: /another client/,
    },
    { what: "a wrong recipient", options: { recipient: "age1x" }, says: /^clients\/_defaults\.yaml: the recipient/ },
    { what: "an unknown client", options: { client: "globex" }, says: /there is no clients\/globex\.yaml/ },
  ])("$what", async ({ options, says }) => {
    const error: unknown = await seal(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(says);
    expect((error as UserError).message).not.toContain("canary");
    expect(await readFile(file, "utf8")).toBe(yaml);
    expect(await readdir(join(root, "clients"))).toEqual(["acme.yaml"]);
  });

  test.for(["_defaults", "../acme", "Acme", "acme-", "a/b", "", "a--b", "acme.yaml"])(
    "the id %j, which is wrong usage",
    async (client) => {
      const sealing = runSeal({ root, client, recipients: [key.recipient], readCredentials: refuseToAsk });
      await expect(sealing).rejects.toMatchObject({ name: "UserError", exitCode: 2 });
    },
  );

  test.for([
    { what: "broken YAML", content: "a: [", says: "clients/acme.yaml: the file is not a valid YAML mapping" },
    { what: "bytes that are not UTF-8", content: Buffer.from([0x61, 0xff]), says: "clients/acme.yaml is not UTF-8" },
  ])("$what in the file is told before anybody is asked", async ({ content, says }) => {
    await writeFile(file, content);
    const sealing = runSeal({ root, client: "acme", recipients: [key.recipient], readCredentials: refuseToAsk });
    await expect(sealing).rejects.toThrow(says);
  });

  test("a folder in the file's place", async () => {
    await rm(file);
    await mkdir(file);
    await expect(seal()).rejects.toThrow(new UserError("clients/acme.yaml can't be read (EISDIR)"));
  });

  test("a bug is not dressed up as the user's mistake", async () => {
    const bug = new TypeError("bug");
    const sealing = runSeal({
      root,
      client: "acme",
      recipients: [key.recipient],
      readCredentials: () => Promise.reject(bug),
    });
    await expect(sealing).rejects.toBe(bug);
  });

  test("a link that leads out of the workspace, before anybody is asked", async () => {
    const outside = await mkdtemp(join(tmpdir(), "clara-outside-"));
    await writeFile(join(outside, "acme.yaml"), yaml);
    await rm(file);
    await symlink(join(outside, "acme.yaml"), file);
    const sealing = runSeal({
      root,
      client: "acme",
      recipients: [key.recipient],
      readCredentials: refuseToAsk,
    });
    await expect(sealing).rejects.toThrow(
      new UserError("clients/acme.yaml is a link that leads out of the workspace (put the file itself there)"),
    );
    expect(await readFile(join(outside, "acme.yaml"), "utf8")).toBe(yaml);
    await rm(outside, { recursive: true });
  });

  test.for(["acme.yaml", "nowhere.yaml"])("a link to %s, which is no file", async (target) => {
    await rm(file);
    await symlink(target, file);
    await expect(seal()).rejects.toThrow(/^(there is no clients|clients)\/acme\.yaml/);
  });
});

test("a file of a killed attempt with the same process id stands in nobody's way and is not followed", async () => {
  const victim = join(root, "victim");
  await writeFile(victim, "mine");
  await symlink(victim, `${file}.${process.pid}.tmp`);
  await seal();
  expect(await readFile(victim, "utf8")).toBe("mine");
  expect(await readFile(file, "utf8")).toContain("sealed: |");
});

test("a link to a client's file stays one, and its target holds the new block", async () => {
  const target = join(root, "accounts.yaml");
  await writeFile(target, yaml);
  await rm(file);
  await symlink("../accounts.yaml", file);
  await seal();
  expect((await lstat(file)).isSymbolicLink()).toBe(true);
  expect(await readFile(target, "utf8")).toContain("sealed: |");
  expect((await readdir(root)).sort()).toEqual(["accounts.yaml", "clients"]);
});

describe("the account in front of an access token", () => {
  const own = "1000000000000000002";
  const inputs = {
    "a pipe": (token: string) => Readable.from([JSON.stringify({ ...secrets, access_token: token })]),
    "a terminal": (token: string) => {
      const input = Object.assign(new PassThrough(), { isTTY: true });
      input.write(`${token}\r${secrets.access_secret}\r\r\r`);
      return input;
    },
  };
  const sealFrom = (input: keyof typeof inputs, token: string) =>
    runSeal({
      root,
      client: "acme",
      recipients: [key.recipient],
      readCredentials: () => readCredentials({ input: inputs[input](token), output: new PassThrough().resume() }),
    });

  test.for(["a pipe", "a terminal"] as const)("that is another client's is refused, from %s", async (input) => {
    const before = `${yaml}\nx_user_id: "${own}"\n`;
    await writeFile(file, before);
    const error: unknown = await sealFrom(input, "999-canary").catch((reason: unknown) => reason);
    expect(error).toEqual(
      new UserError(
        `the access token is of X user 999, but acme is X user ${own}: nothing was sealed. Give the token of acme's own account; only if acme really is X user 999, correct x_user_id in clients/acme.yaml first`,
      ),
    );
    expect(await readFile(file, "utf8")).toBe(before);
  });

  test.for([
    { what: "that is its own", id: `"${own}"`, token: `${own}-canary` },
    { what: "that is missing", id: `"${own}"`, token: "canary-of-acme" },
    { what: "that has no hyphen", id: `"${own}"`, token: "999canary" },
    { what: "where the file has none as it must be", id: own, token: "999-canary" },
  ])("$what is sealed", async ({ id, token }) => {
    await writeFile(file, `${yaml}\nx_user_id: ${id}\n`);
    expect(await sealFrom("a pipe", token)).toMatch(/^Sealed the credentials of acme/);
  });
});

test("the recipient that is shipped seals nothing: nobody could open it", async () => {
  const { defaults } = await loadWorkspace(join(import.meta.dirname, "../.."));
  expect(defaults.recipients).toEqual([exampleRecipient]);
  const readCredentials = () => Promise.reject(new Error("nobody is asked"));
  await expect(
    runSeal({ root: "unused", client: "acme", recipients: [key.recipient, exampleRecipient], readCredentials }),
  ).rejects.toThrow("run keygen");
});
