import { expect, test } from "vitest";
import { cpuMs } from "../support/cpu-time.ts";
import { encodings } from "../support/encodings.ts";
import { showsSecret } from "../support/secret-forms.ts";
import { logged, open, said } from "./log-lines.ts";

const secret = "s3cr3t/with+odd=chars";

test.for<[string, (secret: string) => string]>([
  ...Object.entries(encodings),
  ["twice", () => `${secret}${secret}`],
  ["where the value is cut", () => `${"x".repeat(1980)}${secret}`],
])("a known secret is not written %s", ([, write]) => {
  const text = `key ${write(secret)}.`;
  for (const fields of [{ text }, { [text]: 1 }, { deep: [{ er: [text] }] }, { error: new Error(text) }]) {
    const line = logged(fields, [secret]) ?? "";
    expect(showsSecret(line, secret), line).toBe(false);
    expect(line).not.toContain(secret.slice(0, 10));
    expect(line).toContain("[secret]");
  }
});

test("secrets opened later are hidden from then on, in groups too, and each line of a long one", () => {
  const { log, lines } = open();
  const group = log.group("acme");
  log.hide(["line-one-of-it\nline-two-of-it"]);
  log.info(`opened line-one-of-it`);
  group.info("opened", { text: "line-two-of-it" });
  expect(lines().map(said)).toEqual(["opened [secret]", "opened text=[secret]".replace("[secret]", '"[secret]"')]);
});

test("a secret that contains another is hidden whole", () => {
  expect(logged({ text: "abcdefgh-and-more" }, ["abcdefgh", "abcdefgh-and-more"])).toBe('event text="[secret]"');
});

test("secrets that overlap are hidden together, and none takes the other's place", () => {
  const secrets = ["abcdefgh-12345", "12345-ijklmnop", "12345-ij"];
  expect(logged({ text: "abcdefgh-12345-ijklmnop." }, secrets)).toBe('event text="[secret]."');
  expect(logged({ text: "abcdefgh-1234-12345-ijklmno" }, secrets)).toBe('event text="abcdefgh-1234-[secret]klmno"');
});

test("a line is written in no time however many secrets are open", () => {
  const secrets = Array.from({ length: 20_000 }, (_, number) => `${number}-secret-of-a-client`);
  const { log, lines } = open({ secrets });
  const startedMs = cpuMs();
  for (let number = 0; number < 2000; number += 1) log.info("posted", { text: `${number}-secret-of-a-client` });
  // A search for each secret in each line took minutes.
  expect(cpuMs() - startedMs).toBeLessThan(5000);
  expect(lines().map(said)).toEqual(lines().map(() => 'posted text="[secret]"'));
});

test("values shorter than 8 characters are not taken for secrets", () => {
  expect(logged({ text: "production" }, ["prod", ""])).toBe("event text=production");
});

test.for([
  "accessToken",
  "access_token",
  "X-Api-Key",
  "authorization",
  "appSecret",
  "password",
  "sealed",
  "cookie",
  "CLARA_IDENTITY",
])("under the key %s nothing but a number is shown", (key) => {
  expect(logged({ [key]: "abc" })).toBe(`event ${key}="[secret]"`);
  expect(logged({ deep: { [key]: { a: "abc" } } })).toBe(`event deep={"${key}":"[secret]"}`);
  expect(logged({ [key]: 120 })).toBe(`event ${key}=120`);
});

test("counts of tokens are shown", () => {
  expect(logged({ tokens: 120, inputTokens: 100 })).toBe("event tokens=120 inputTokens=100");
});

test.for([
  "sk-proj-abcdefgh12345678",
  "sb_secret_abcdefgh12345678",
  "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ",
  "Bearer abcdefgh12345678",
  "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
])("%s is recognised as a secret without having been told", (text) => {
  expect(logged({ text: `got ${text}, sorry` })).toBe('event text="got [secret], sorry"');
});
