import fc from "fast-check";
import { expect, test } from "vitest";
import { openRedactor } from "../../src/vendors/redact.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { encodings } from "../support/encodings.ts";
import { showsSecret } from "../support/secret-forms.ts";

function knowing(...secrets: readonly string[]) {
  const redactor = openRedactor();
  redactor.hide(secrets);
  return redactor;
}

const secrets = [
  's3cret/with+signs"and\\more~of*them',
  "sk-proj-abcdefghijklmnop0123456789",
  "100%41 pässwörter mit Ümläuten",
];

test.for(Object.entries(encodings))("a known secret is hidden that is written %s", ([, write]) => {
  const { redact } = knowing(...secrets);
  for (const secret of secrets) {
    const shown = redact(`before ${write(secret)} behind, and "${write(secret)}"`);
    expect(showsSecret(shown, secret), shown).toBe(false);
    expect(shown).toMatch(/^before .*\[secret\].* behind, and ".*\[secret\].*"$/);
  }
});

test.for([
  { text: "abcdefgh1", shown: "[secret]" },
  { text: "user:abcdefgh1", shown: "dXNlcjp[secret]=" },
  { text: "id:abcdefgh1:a", shown: "aWQ6[secret]OmE=" },
  { text: "a:abcdefgh1:b", shown: "YTp[secret]6Yg==" },
])("in the base64 of $text only the characters are left that are not the secret's alone", ({ text, shown }) => {
  expect(knowing("abcdefgh1").redact(Buffer.from(text).toString("base64"))).toBe(shown);
});

test("an escape is hidden whole, and text beside the secret is left as it is", () => {
  const { redact } = knowing("key/of+mine");
  expect(redact("at 5% of https://x.test/?k=key%2Fof%2Bmine&b=%20c")).toBe(
    "at 5% of https://x.test/?k=[secret]&b=%20c",
  );
  expect(redact('{"k":"\\u006bey\\/of\\u002bmin\\x65"}\\n')).toBe('{"k":"[secret]"}\\n');
  expect(redact("C:\\key/of+mine\\u0020\nkey/of\r\n+mine\n  b")).toBe("C:\\[secret]\\u0020\n[secret]\n  b");
});

test("a secret is hidden behind what only looks like the beginning of an escape", () => {
  const { redact } = knowing("abcdef12345", "u0041bcdef");
  expect(redact("100%abcdef12345 and \\u0041bcdef")).toBe("100%[secret] and \\[secret]");
});

test("a secret that is written as it is and one that is escaped are hidden together where they overlap", () => {
  expect(knowing("abcdefgh-1/2", "1/2-ijklmnop").redact("x abcdefgh-1/2-ijklmno\\u0070 y")).toBe("x [secret] y");
});

test("a secret within another is hidden with it, and escaped ones before and behind one that is written as it is", () => {
  expect(knowing("abcdefgh-12345678-rest", "12345678").redact("x abcdefgh-12345678-rest y")).toBe("x [secret] y");
  const { redact } = knowing("key/of/mine");
  expect(redact("key%2Fof/mine, key/of/mine, key/of%2Fmine.")).toBe("[secret], [secret], [secret].");
});

test("what is shorter than 8 characters is hidden in no form", () => {
  const { redact } = knowing("product", "a b", "%61%62");
  for (const write of Object.values(encodings)) expect(redact(write("product"))).toBe(write("product"));
  expect(redact("the productive ab of a\nb")).toBe("the productive ab of a\nb");
});

test("no text with any secret in any form shows it", () => {
  const character = fc.constantFrom(..."abcXYZ0189-_.~+/=:;,!*'() &\"ü€😀");
  const secret = fc
    .array(character, { minLength: 8, maxLength: 40 })
    .map((characters) => characters.join("").trim())
    .filter((text) => text.length >= 8);
  const around = fc.string({ maxLength: 12 });
  const encoding = fc.constantFrom(...Object.keys(encodings));
  fc.assert(
    fc.property(secret, around, around, encoding, (text, before, behind, name) => {
      const written = encodings[name]?.(text) ?? "";
      const shown = knowing(text).redact(`${before} ${written} ${behind}`);
      expect(shown).toContain("[secret]");
      expect(shown).not.toContain(written);
    }),
    { numRuns: 500 },
  );
});

test.for([
  ["of sentences", "posted a friendly hello at https://x.com/acme/status/1234567890123456789; "],
  ["of what all keys begin with", "sk-proj-"],
  ["of that in base64", Buffer.from("sk-proj-".repeat(3)).toString("base64")],
  ["of that in hex", Buffer.from("sk-proj-").toString("hex")],
  ["of escapes", "%73\\u006b-"],
  ["of backslashes", "\\"],
  ["of line breaks", "\n \r"],
  ["of spaces", " "],
  ["of percent signs that are escaped again and again", "%25252525"],
  ["of what a web token begins with", "eyJabcdef-"],
  ["of two parts of web tokens", "eyJabcdef.eyJabcdef-"],
  ["of bearers", "Bearer "],
])("a megabyte %s takes no time with 500 secrets", ([, part = ""]) => {
  const keys = Array.from({ length: 500 }, (_, number) => `sk-proj-${`${number}`.repeat(8 + (number % 4))}`);
  const { redact } = knowing(...keys);
  const text = part.repeat(Math.ceil(2 ** 20 / part.length));
  redact(text.slice(0, 2000));
  const startedMs = cpuMs();
  redact(text);
  expect(cpuMs() - startedMs).toBeLessThan(800);
});
