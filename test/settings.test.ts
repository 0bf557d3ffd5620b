import { expect, test } from "vitest";
import { readSettings } from "../src/settings.ts";

const supabase = { SUPABASE_URL: "https://ledger.example.com", SUPABASE_SECRET_KEY: "sb_secret_1" };
const upstash = { UPSTASH_REDIS_REST_URL: "https://redis.example.com", UPSTASH_REDIS_REST_TOKEN: "token" };
const openai = { OPENAI_API_KEY: "key" };
const x = { X_APP_KEY: "app", X_APP_SECRET: "secret" };
const identity = { CLARA_IDENTITY: "AGE-SECRET-KEY-1" };
const everything = { ...supabase, ...upstash, ...openai, ...x, ...identity };

test("without any variable every service is the sandbox", () => {
  const sandbox = { kind: "sandbox" };
  expect(readSettings({})).toEqual({
    settings: { ledger: sandbox, limiter: sandbox, model: sandbox, x: sandbox },
    problems: [],
  });
});

test("with every variable every service is real", () => {
  const { settings, problems } = readSettings({
    ...everything,
    OPENAI_BASE_URL: "https://model.example.com/v1",
    SUPABASE_DB_URL: "postgresql://ledger",
  });
  expect(problems).toEqual([]);
  expect(settings).toEqual({
    ledger: { kind: "real", url: "https://ledger.example.com", secretKey: "sb_secret_1" },
    limiter: { kind: "real", url: "https://redis.example.com", token: "token" },
    model: { kind: "real", apiKey: "key", baseUrl: "https://model.example.com/v1" },
    x: { kind: "real", appKey: "app", appSecret: "secret", reachesX: true },
    identity: "AGE-SECRET-KEY-1",
    databaseUrl: "postgresql://ledger",
  });
});

test("the old name of the ledger's key is understood, and the new one goes first", () => {
  const { SUPABASE_URL } = supabase;
  const old = readSettings({ SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY: "old" });
  expect(old).toMatchObject({ problems: [], settings: { ledger: { secretKey: "old" } } });
  const both = readSettings({ ...supabase, SUPABASE_SERVICE_ROLE_KEY: "old" });
  expect(both.settings.ledger).toMatchObject({ secretKey: "sb_secret_1" });
});

test("an empty variable, as workflows pass for a secret that is not set, is none", () => {
  expect(readSettings({ X_APP_KEY: "", X_APP_SECRET: " ", OPENAI_BASE_URL: "" }).problems).toEqual([]);
});

test.for([
  {
    when: "half of Supabase",
    environment: { SUPABASE_URL: "https://a.example.com" },
    names: ["SUPABASE_URL", "SUPABASE_SECRET_KEY"],
  },
  {
    when: "the other half of Supabase",
    environment: { SUPABASE_SECRET_KEY: "k" },
    names: ["SUPABASE_SECRET_KEY", "SUPABASE_URL"],
  },
  {
    when: "half of Upstash",
    environment: { UPSTASH_REDIS_REST_TOKEN: "t" },
    names: ["UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"],
  },
  { when: "half of the X app", environment: { X_APP_KEY: "a" }, names: ["X_APP_KEY", "X_APP_SECRET"] },
  {
    when: "a model server without its key",
    environment: { OPENAI_BASE_URL: "http://127.0.0.1:1/v1" },
    names: ["OPENAI_BASE_URL", "OPENAI_API_KEY"],
  },
  {
    when: "a host for X without the app",
    environment: { X_API_URL: "http://127.0.0.1:1" },
    names: ["X_API_URL", "X_APP_KEY"],
  },
  { when: "no address", environment: { ...supabase, SUPABASE_URL: "ledger" }, names: ["SUPABASE_URL", "http"] },
  { when: "X without an identity", environment: { ...everything, CLARA_IDENTITY: "" }, names: ["CLARA_IDENTITY"] },
  {
    when: "X with a ledger that is gone after the run",
    environment: { ...openai, ...x, ...identity },
    names: ["SUPABASE_URL", "post twice"],
  },
  {
    when: "X with the sandbox's texts",
    environment: { ...supabase, ...x, ...identity },
    names: ["OPENAI_API_KEY", "sandbox text"],
  },
])("$when is refused by name", ({ environment, names }) => {
  const { problems } = readSettings(environment);
  expect(problems).toHaveLength(1);
  for (const name of names) expect(problems[0]).toContain(name);
});

test.for([
  { url: "http://127.0.0.1:8080", reachesX: false },
  { url: "http://localhost:8080", reachesX: false },
  { url: "http://[::1]:8080", reachesX: false },
  { url: "https://127.0.0.1.example.com", reachesX: true },
  { url: "https://x-proxy.example.com", reachesX: true },
])("posts sent to $url reach the real X: $reachesX", ({ url, reachesX }) => {
  const { settings, problems } = readSettings({ ...x, ...identity, X_API_URL: url });
  expect(settings.x).toMatchObject({ reachesX });
  expect(problems.length > 0).toBe(reachesX);
});

test("no problem shows a value", () => {
  const secret = "canary-value";
  const names = Object.keys(everything);
  const shown = names.flatMap((name) => readSettings({ [name]: secret, X_API_URL: secret }).problems).join("\n");
  expect(shown).not.toContain(secret);
});
