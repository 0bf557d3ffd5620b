import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { sealCredentials } from "../../src/post/seal.ts";
import { encryptTo, newIdentity } from "../../src/vendors/age.ts";

/** A workspace on disk with its own key pair: the files that a user would have. */
export interface TestWorkspace {
  root: string;
  identity: string;
  /** Writes a client that owes one slot on every hour, with the changes given, and sealed credentials. */
  addClient(id: string, change?: Readonly<Record<string, unknown>>, ownApp?: typeof appKeys): Promise<TestClient>;
  /** Changes fields of a client's file. */
  editClient(id: string, change: Readonly<Record<string, unknown>>): Promise<void>;
  remove(): Promise<void>;
}

export interface TestClient {
  id: string;
  xUserId: string;
  handle: string;
  accessToken: string;
  accessSecret: string;
  /** An app of its own, where it has one. */
  ownApp?: typeof appKeys;
}

export const appKeys = { appKey: "test-app-key", appSecret: "test-app-secret" };

const prices = {
  models: {
    "openai/gpt-5-mini": {
      input: 0.25,
      cached: 0.025,
      output: 2,
      checked: "2026-11-20",
      source: "https://example.com",
    },
  },
  x: Object.fromEntries(
    Object.entries({ post: 0.015, post_with_url: 0.2, read_post: 0.005, read_user: 0.01 }).map(([name, usd]) => [
      name,
      { usd, checked: "2026-11-20", source: "https://example.com" },
    ]),
  ),
};

const prompt = {
  name: "Plain",
  title: "Plain",
  description: "One plain post.",
  version: "1.0.0",
  state: "published",
  tags: ["test"],
  model: "openai/gpt-5-mini",
  messages: [
    {
      role: "user",
      content: "Topic: {{topic}}\nWrite as {{client}}, in {{language}}, at most {{max_length}} characters.",
    },
  ],
};

export async function createWorkspace(): Promise<TestWorkspace> {
  const root = await mkdtemp(join(tmpdir(), "clara-workspace-"));
  const { identity, recipient } = await newIdentity();
  const write = (path: string, content: object) => writeFile(join(root, path), stringify(content));
  await mkdir(join(root, "clients"));
  await mkdir(join(root, "prompts"));
  const global = { posts_per_day: 5000, completions_per_day: 50_000, usd_per_month: 5000 };
  await write("clients/_defaults.yaml", { recipient, global });
  await write("clients/_prices.yaml", prices);
  await write("prompts/plain.prompt.yml", prompt);
  let clients = 0;
  return {
    root,
    identity,
    addClient: async (id, change = {}, ownApp = undefined) => {
      clients += 1;
      const client = { ...accountOf(id, clients), ...(ownApp && { ownApp }) };
      const { accessToken: access_token, accessSecret: access_secret } = client;
      const app = ownApp && { app_key: ownApp.appKey, app_secret: ownApp.appSecret };
      const sealed = await sealCredentials({ client: id, access_token, access_secret, ...app }, id, (text) =>
        encryptTo(recipient, text),
      );
      await write(`clients/${id}.yaml`, { ...clientFile(client), credentials: { sealed }, ...change });
      return client;
    },
    editClient: async (id, change) => {
      const file = parse(await readFile(join(root, `clients/${id}.yaml`), "utf8"));
      await write(`clients/${id}.yaml`, { ...file, ...change });
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

function accountOf(id: string, number: number): TestClient {
  return {
    id,
    xUserId: String(1_000_000 + number),
    handle: `handle_${number}`,
    accessToken: `access-token-of-${id}`,
    accessSecret: `access-secret-of-${id}`,
  };
}

function clientFile({ id, handle, xUserId }: TestClient): object {
  return {
    name: `The ${id} company`,
    handle,
    x_user_id: xUserId,
    status: "active",
    timezone: "UTC",
    schedule: {
      days: "daily",
      posting_hours: "00:00-23:00",
      posts_per_day: 24,
      late: { within: "60m" },
      min_gap: "20m",
    },
    voice: "Plain and warm.",
    topics: [`the first year of ${id}`, `what ${id} learned`, `a morning at ${id}`],
    posts: [{ prompt: "plain", weight: 1 }],
    model: "openai/gpt-5-mini",
    limits: { posts_per_day: 24, completions_per_day: 96, usd_per_month: 50 },
  };
}
