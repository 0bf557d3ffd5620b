import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { decryptWith, encryptTo, newIdentity, openDecrypter } from "../../src/vendors/age.ts";
import { hasAgeCommand, runAge } from "./age-command.ts";

const key = await newIdentity();

async function failureOf(work: Promise<unknown>): Promise<PostingError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PostingError)) throw new Error(`expected a PostingError, got ${String(error)}`);
  return error;
}

test("a new identity is a secret key and its recipient the public one, in the form of every age tool", () => {
  expect(key.identity).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
  expect(key.recipient).toMatch(/^age1[0-9a-z]{58}$/);
});

test("what is encrypted to a recipient opens with its identity, whatever the text", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 500 }), async (text) => {
      const wellFormed = text.toWellFormed().replace(/^\ufeff+/, "");
      expect(await decryptWith(key.identity, await encryptTo(key.recipient, wellFormed))).toBe(wellFormed);
    }),
    { numRuns: 25 },
  );
});

test("what is encrypted to several recipients opens with the identity of each, and of nobody else", async () => {
  const [second, stranger] = [await newIdentity(), await newIdentity()];
  const armoured = await encryptTo([key.recipient, second.recipient], "text");
  for (const { identity } of [key, second]) expect(await decryptWith(identity, armoured)).toBe("text");
  const error = await failureOf(decryptWith(stranger.identity, armoured, "CLARA_NEW_IDENTITY"));
  expect(error.message).toContain("another key than CLARA_NEW_IDENTITY");
});

test("without a recipient, or with a wrong one among them, nothing is encrypted", async () => {
  for (const recipients of [[], [key.recipient, "age1wrong"]]) {
    expect((await failureOf(encryptTo(recipients, "text"))).kind).toBe("config");
  }
});

test("the same text encrypted twice gives two blocks", async () => {
  expect(await encryptTo(key.recipient, "text")).not.toBe(await encryptTo(key.recipient, "text"));
});

test("armour with Windows line ends opens as well", async () => {
  const armoured = (await encryptTo(key.recipient, "text")).replaceAll("\n", "\r\n");
  expect(await decryptWith(key.identity, armoured)).toBe("text");
});

test("the identity may be a whole identity file with comments and an older key", async () => {
  const older = await newIdentity();
  const file = `> clara start\n# public key: x\n${older.identity}\r\n\n  ${key.identity}  \n`;
  expect(await decryptWith(file, await encryptTo(key.recipient, "text"))).toBe("text");
  expect(await decryptWith(file, await encryptTo(older.recipient, "text"))).toBe("text");
});

test("a file of keys is read once for many texts, those after a damaged one too", async () => {
  const open = openDecrypter(key.identity);
  expect(await open(await encryptTo(key.recipient, "first"))).toBe("first");
  const other = await newIdentity();
  expect(await failureOf(open(await encryptTo(other.recipient, "for others")))).toMatchObject({ kind: "config" });
  expect((await failureOf(open("no block"))).message).toContain("the sealed block is damaged");
  const texts = ["second", "third", "fourth"];
  const sealed = await Promise.all(texts.map((text) => encryptTo(key.recipient, text)));
  expect(await Promise.all(sealed.map(open))).toEqual(texts);
});

describe("what can't be opened is a configuration error that says what to do", () => {
  test("for another key's block", async () => {
    const other = await newIdentity();
    const error = await failureOf(decryptWith(other.identity, await encryptTo(key.recipient, "text")));
    expect(error.kind).toBe("config");
    expect(error.message).toBe("the credentials were sealed to another key than CLARA_IDENTITY (seal them again)");
  });

  test.for([
    { what: "cut in the middle", damage: (text: string) => text.slice(0, text.length / 2) },
    { what: "without its last line", damage: (text: string) => text.split("\n").slice(0, -2).join("\n") },
    { what: "with a line missing", damage: (text: string) => text.split("\n").toSpliced(3, 1).join("\n") },
    { what: "with a letter changed in its body", damage: (text: string) => swapLetter(text, -3) },
    { what: "with a letter changed in its header", damage: (text: string) => swapLetter(text, 2) },
    { what: "that is empty", damage: () => "" },
    { what: "that is no armour", damage: () => "hello" },
  ])("for a block $what", async ({ damage }) => {
    const armoured = await encryptTo(key.recipient, "text ".repeat(50));
    const error = await failureOf(decryptWith(key.identity, damage(armoured)));
    expect(error.kind).toBe("config");
    expect(error.message).toBe("the sealed block is damaged (seal the credentials again)");
  });

  test.for(["", "# only a comment", "AGE-SECRET-KEY-1WRONG", `${key.identity}A`, key.recipient])(
    "for something that is no secret key",
    async (identity) => {
      const error = await failureOf(decryptWith(identity, await encryptTo(key.recipient, "text")));
      expect(error.kind).toBe("config");
      expect(error.message).toContain("CLARA_IDENTITY is not an age secret key");
    },
  );

  test.for(["", "age1wrong", key.identity])("for something that is no public key", async (recipient) => {
    const error = await failureOf(encryptTo(recipient, "text"));
    expect(error.kind).toBe("config");
    expect(error.message).toContain("not an age public key");
  });
});

/** Changes the tenth letter of one line of armour; negative lines count from the end. */
function swapLetter(armoured: string, line: number): string {
  const lines = armoured.trimEnd().split("\n");
  const changed = lines.at(line) ?? "";
  return lines.with(line, changed.slice(0, 9) + (changed[9] === "A" ? "B" : "A") + changed.slice(10)).join("\n");
}

test("no failure tells the key or the text, in its message or anything attached to it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[0-9A-Z]{20,58}$/), fc.nat({ max: 400 }), async (canary, cut) => {
      const armoured = await encryptTo(key.recipient, canary.repeat(5));
      const failures = [
        await failureOf(decryptWith(`AGE-SECRET-KEY-1${canary}`, armoured)),
        await failureOf(decryptWith(canary, armoured)),
        await failureOf(decryptWith(key.identity, armoured.slice(0, cut))),
        await failureOf(encryptTo(`age1${canary.toLowerCase()}`, "text")),
        await failureOf(encryptTo(`AGE-SECRET-KEY-1${canary}`, "text")),
      ];
      for (const failure of failures) {
        const told = `${failure.message} ${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`;
        expect(told.toUpperCase()).not.toContain(canary);
        expect(told).not.toContain(key.identity);
      }
    }),
    { numRuns: 25 },
  );
});

test("blocks and keys pass both ways between here and the age command", async ({ skip }) => {
  if (!hasAgeCommand()) skip("the age command is not installed; CI installs it");
  const folder = await mkdtemp(join(tmpdir(), "clara-age-"));
  try {
    const ours = join(folder, "ours.txt");
    await writeFile(ours, `# public key: ${key.recipient}\n${key.identity}\n`);
    expect(await runAge("age-keygen", ["-y", ours])).toBe(`${key.recipient}\n`);
    expect(await runAge("age", ["--decrypt", "-i", ours], await encryptTo(key.recipient, "from here"))).toBe(
      "from here",
    );
    const theirs = await runAge("age-keygen", []);
    const recipient = /public key: (age1\S+)/.exec(theirs)?.[1] ?? "";
    const toBoth = await encryptTo([recipient, key.recipient], "for both");
    expect(await runAge("age", ["--decrypt", "-i", ours], toBoth)).toBe("for both");
    const both = ["-r", recipient, "-r", key.recipient];
    const fromBoth = await runAge("age", ["--encrypt", "--armor", ...both], "from both");
    for (const identity of [theirs, key.identity]) expect(await decryptWith(identity, fromBoth)).toBe("from both");
    const armoured = await runAge("age", ["--encrypt", "--armor", "-r", recipient], "from there");
    expect(await decryptWith(theirs, armoured)).toBe("from there");
  } finally {
    await rm(folder, { recursive: true });
  }
});
