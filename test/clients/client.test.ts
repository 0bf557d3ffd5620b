import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Client } from "../../src/terms.ts";
import { clientYaml, defaultsYaml, workspaceWith } from "./workspace.ts";

function onlyClient(texts: Record<string, string>): Client {
  const { clients, problems } = workspaceWith(texts);
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const [client] = clients;
  if (!client) throw new Error("no client");
  return client;
}

const armour = `-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA4
-----END AGE ENCRYPTED FILE-----
`;

test("a short file is filled up with the safe choices", () => {
  expect(onlyClient({})).toEqual({
    id: "acme",
    name: "Acme Coffee",
    handle: "acme_coffee",
    xUserId: "101",
    status: "rehearsal",
    timezone: "Europe/Berlin",
    schedule: {
      days: [1, 2, 3, 4, 5],
      times: ["09:00", "17:30"],
      jitterSeconds: 0,
      lateWithinSeconds: 2700,
      lateThen: "skip",
      minGapSeconds: 1800,
      except: [],
    },
    voice: "Warm and dry.",
    language: "en",
    topics: ["brewing at home"],
    posts: [{ prompt: "quick-tip", weight: 1 }],
    models: ["openai/gpt-5-mini"],
    limits: { postsPerDay: 10, completionsPerDay: 50, usdPerMonth: 20 },
    links: { policy: "deny" },
    avoid: [],
    fallbacks: [],
    madeWithAi: false,
    members: [],
    source: { file: "clients/acme.yaml", sha256: createHash("sha256").update(clientYaml).digest("hex") },
  });
});

test("every field that a file gives arrives", () => {
  const yaml = `${clientYaml.replace("  times", "  jitter: 1h30m10s\n  late: { within: 2h, then: post }\n  min_gap: 45m\n  except: [2026-12-24/2027-01-02, 2027-05-01]\n  times").replace("weekdays", "[sun, mon]").replace("prompt: quick-tip", "{ prompt: quick-tip, weight: 3 }")}
status: paused
language: pt-BR
model: openai/gpt-4.1-mini
fallback_models: [openai/gpt-5-mini, openai/gpt-4.1-mini]
limits: { posts_per_day: 3, completions_per_day: 4, usd_per_month: 5.5 }
links: { max_per_week: 2 }
avoid: [cheap]
fallbacks: [Fresh water.]
made_with_ai: true
credentials:
  sealed: |
${armour.replaceAll(/^(?=.)/gm, "    ")}
members: [dana@example.com]
`;
  expect(onlyClient({ "clients/acme.yaml": yaml })).toMatchObject({
    status: "paused",
    language: "pt-BR",
    schedule: {
      days: [1, 7],
      jitterSeconds: 5410,
      lateWithinSeconds: 7200,
      lateThen: "post",
      minGapSeconds: 2700,
      except: [
        { from: "2026-12-24", to: "2027-01-02" },
        { from: "2027-05-01", to: "2027-05-01" },
      ],
    },
    posts: [{ prompt: "quick-tip", weight: 3 }],
    models: ["openai/gpt-4.1-mini", "openai/gpt-5-mini"],
    limits: { postsPerDay: 3, completionsPerDay: 4, usdPerMonth: 5.5 },
    links: { policy: "budget", maxPerWeek: 2 },
    avoid: ["cheap"],
    fallbacks: ["Fresh water."],
    madeWithAi: true,
    sealed: armour,
    members: ["dana@example.com"],
  });
});

test("what the defaults say holds unless the client says otherwise, limit by limit and part by part", () => {
  const defaults = `${defaultsYaml.replace("rehearsal", "active")}  schedule:
    jitter: 3m
    late: { within: 1h, then: post }
    except: [2026-12-25]
  limits: { posts_per_day: 4, usd_per_month: 7 }
  links: allow
  avoid: [synergy]
  made_with_ai: true
`;
  const yaml = `${clientYaml.replace("  times", "  late: { within: 30m }\n  times")}limits: { posts_per_day: 9 }\navoid: []\n`;
  expect(onlyClient({ "clients/_defaults.yaml": defaults, "clients/acme.yaml": yaml })).toMatchObject({
    status: "active",
    schedule: {
      jitterSeconds: 180,
      lateWithinSeconds: 1800,
      lateThen: "post",
      minGapSeconds: 1800,
      except: [{ from: "2026-12-25", to: "2026-12-25" }],
    },
    limits: { postsPerDay: 9, completionsPerDay: 50, usdPerMonth: 7 },
    links: { policy: "allow" },
    avoid: [],
    madeWithAi: true,
  });
});

test("the workspace carries prices, defaults and prompts as the stages use them", () => {
  const { prices, defaults, prompts } = workspaceWith();
  expect(prices.models.get("openai/gpt-5-mini")).toEqual({
    inputUsd: 0.25,
    cachedUsd: 0.025,
    outputUsd: 2,
    checked: "2026-11-20",
  });
  expect(prices.x).toEqual({ postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 });
  expect(defaults.global).toEqual({ postsPerDay: 500, completionsPerDay: 2000, usdPerMonth: 300.5 });
  expect(defaults.recipients).toEqual([expect.stringMatching(/^age1/)]);
  expect(prompts.get("quick-tip")).toMatchObject({ id: "quick-tip", version: "1.0.0", models: [], parameters: {} });
});

test.for([
  {
    given: "{ temperature: 0.7, topP: 0.9, maxTokens: 300 }",
    expected: { temperature: 0.7, topP: 0.9, maxTokens: 300 },
  },
  { given: "{ maxCompletionTokens: 400 }", expected: { maxTokens: 400 } },
])("prompt parameters $given become $expected", ({ given, expected }) => {
  const text = `title: T\nversion: "2"\nstate: draft\nmodelParameters: ${given}\nmessages: [{ role: user, content: hi }]\n`;
  expect(workspaceWith({ "prompts/other.prompt.yml": text }).prompts.get("other")?.parameters).toEqual(expected);
});
