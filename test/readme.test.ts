import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands, parseArguments } from "../src/arguments.ts";
import { assembleWorkspace } from "../src/clients/assemble.ts";
import { loadWorkspace } from "../src/clients/load.ts";
import { openEmbeddedLedger } from "../src/sandbox/pglite.ts";
import { readMigrations } from "../src/vendors/migrations.ts";
import { said } from "./clients/workspace.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const readme = read("README.md");
const decisions = readdirSync(join(root, ".github/decisions")).map((name) => `.github/decisions/${name}`);
const documents = ["README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md", ...decisions];

/** Words in capitals with an underscore: names of environment variables. */
function variablesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g))].sort();
}

/** The contents of every fence of a language, without the indentation of the list item it stands in. */
function fences(text: string, language: string): readonly string[] {
  const found = text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\``, "gm"));
  return [...found].map(([, indent = "", body = ""]) => body.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

function rowsUnder(heading: string): readonly string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section.split("\n").filter((line) => line.startsWith("|"));
}

test("the README is at most 200 lines long and a decision at most 40", () => {
  const long = documents.filter((path) => read(path).trimEnd().split("\n").length > (path.includes("/0") ? 40 : 200));
  expect(long).toEqual([]);
});

describe("commands", () => {
  const shown = documents.flatMap((path) =>
    [...read(path).matchAll(/npm start(?: -- [^`\n#|;&]*)?/g)].map(([line]) => line.trim()),
  );

  test.for([...new Set(shown)])("%s is accepted", (line) => {
    const { command } = parseArguments(
      line
        .replace(/^npm start( -- )?/, "")
        .split(/\s+/)
        .filter(Boolean),
    );
    expect(Object.keys(commands)).toContain(command);
  });

  test("the README names every command", () => {
    const [line = ""] = readme.match(/^`npm start -- run` \(the default\).*$/m) ?? [];
    expect(Object.keys(commands).filter((name) => !new RegExp(`\`(npm start -- )?${name}\``).test(line))).toEqual([]);
  });

  test("every script that a document names is in package.json", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const named = documents.flatMap((path) => [...read(path).matchAll(/npm run ([a-z]+)/g)].map(([, name]) => name));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => scripts[name ?? ""] === undefined)).toEqual([]);
  });
});

describe("environment variables", () => {
  const settings = variablesIn(read("src/settings.ts").replaceAll(/^.*\/\*\*.*$/gm, ""));
  const workflow = read(".github/workflows/run.yml");

  test("every variable that a document names is one that the settings, a command or a workflow read", () => {
    const readers = ["src/commands/seal.ts", ".github/workflows/prove.yml"].map(read);
    const known = new Set([...settings, ...variablesIn(workflow), ...readers.flatMap(variablesIn)]);
    const named = [...documents, ".env.example"].flatMap((path) => variablesIn(read(path)).map((name) => [path, name]));
    // A placeholder in an example.
    const others = new Set(["YOUR_TOKEN"]);
    expect(named.filter(([, name = ""]) => !known.has(name) && !others.has(name))).toEqual([]);
  });

  test("every variable that the settings read has its meaning in the table", () => {
    const table = rowsUnder("Commands and settings").join("\n");
    expect(settings.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
  });

  test("going live names every secret and variable of the workflow's environment", () => {
    const section = readme.split("\n## Go live\n")[1]?.split("\n## ")[0] ?? "";
    const step = section.match(/^7\. .*$/m)?.[0] ?? "";
    const needed = [...workflow.matchAll(/\b(?:secrets|vars)\.([A-Z0-9_]+)/g)].map(([, name = ""]) => name);
    expect(variablesIn(step)).toEqual([...new Set(needed)].sort());
  });
});

test.for(documents)("every link of %s to a file or heading of this repository leads somewhere", (path) => {
  const targets = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const broken = targets
    .filter((target) => !target.startsWith("https://"))
    .filter((target) => {
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? path : join(dirname(path), file);
      if (!existsSync(join(root, linked))) return true;
      return anchor !== undefined && !anchorsOf(read(linked)).includes(anchor);
    });
  expect(broken).toEqual([]);
});

/** As GitHub makes them: lower case, without punctuation, hyphens for spaces. */
function anchorsOf(markdown: string): readonly string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, words = ""]) => words);
  return headings.map((words) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("the README's client is complete: it passes beside the shipped files, and starts in rehearsal", async () => {
  const [yaml = ""] = fences(readme, "yaml");
  const bytes = new TextEncoder().encode(yaml);
  const shipped = ["clients", "prompts"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => ({
      path: `${folder}/${name}`,
      bytes: readFileSync(join(root, folder, name)),
    })),
  );
  const { clients, problems } = assembleWorkspace([...shipped, { path: "clients/acme.yaml", bytes }]);
  expect(said(problems.filter(({ file }) => file === "clients/acme.yaml"))).toEqual([]);
  expect(clients.find(({ id }) => id === "acme")).toMatchObject({ status: "rehearsal", handle: "acme_coffee" });
});

test("the README quotes the message that a wrong field name gets", () => {
  const yaml = fences(readme, "yaml")[0]?.replace("handle:", "hnadle:") ?? "";
  const files = ["clients/_defaults.yaml", "clients/_prices.yaml"].map((path) => ({
    path,
    bytes: readFileSync(join(root, path)),
  }));
  const { problems } = assembleWorkspace([
    ...files,
    { path: "clients/acme.yaml", bytes: new TextEncoder().encode(yaml) },
  ]);
  const [first = ""] = said(problems.filter(({ file }) => file === "clients/acme.yaml"));
  expect(readme).toContain(`${first.slice(0, -1)}; \`validate --fix\` repairs this)`);
});

test("prices and limits in the README are those of the files", async () => {
  const { prices, clients } = await loadWorkspace(root);
  const section = readme.split("\n## What a post costs\n")[1]?.split("\n## ")[0] ?? "";
  const { postUsd, postWithUrlUsd, readUserUsd, readPostUsd } = prices.x;
  expect(section).toContain(`$${postUsd} for a post and $${postWithUrlUsd.toFixed(2)} for one with a link`);
  expect(section).toContain(`costs $${readUserUsd} once per credential`);
  expect(section).toContain(`$${readPostUsd} for each post that is read`);
  expect(section).toContain("10 posts and 50 completions a day and $20 a month");
  expect(clients.length).toBeGreaterThan(0);
  expect(read("clients/_defaults.yaml")).toMatch(
    /defaults:[\s\S]*limits:\n {4}posts_per_day: 10\n {4}completions_per_day: 50\n {4}usd_per_month: 20\n/,
  );
});

test("the README's words are the words of the project", () => {
  expect(rowsUnder("Words").slice(2)).toEqual([
    "| client | one tenant, one file `clients/<id>.yaml` |",
    "| prompt | one file `prompts/<id>.prompt.yml`, versioned, reviewed |",
    "| slot | a publishing time owed to a client; its id `<client>/<local date>T<local time>` never changes |",
    "| due / missed | now within its lateness window / too late, never to be posted |",
    "| tick | one run of the batch, whatever woke it |",
    "| claim, lease, fence | taking a slot for this run / the right so gained, with an expiry / the number every later write must repeat |",
    "| draft | text generated and checked, not yet published |",
    "| send | the one call that creates the post on X |",
    "| post | what X accepted, with its id |",
    "| ledger | the durable record in Postgres: slots, drafts, sends, posts, spend |",
    "| budget / quota | what we allow a client to spend / what a vendor allows per window |",
    "| skip / defer / dead letter | owed no longer / due but left for a later tick / a person must look |",
    "| outcome unknown | the send left and no clear answer came back |",
    "| sandbox | the local stand-ins that the default run uses; nothing leaves the machine |",
  ]);
});

test("the decision about dependencies has a line for each of them", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  const table = read(".github/decisions/0006-dependencies.md");
  const named = [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  expect(named.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
});

test("the README's SQL runs on the ledger: an outside clock calls the workflow", async () => {
  const [clock = "", ...others] = fences(readme, "sql");
  expect(others).toEqual([]);
  const session = await openEmbeddedLedger(undefined, await readMigrations(join(root, "schemas/sql")));
  try {
    await session.transaction(async (query) => {
      await query(supabaseStandIns);
      await query(clock.replaceAll(/^create extension.*$/gm, ""));
      const [job] = await query("select command from cron.job");
      await query(String(job?.command));
      expect(await query("select url, body, headers from net.request")).toEqual([
        {
          url: "https://api.github.com/repos/OWNER/REPOSITORY/actions/workflows/run.yml/dispatches",
          body: { ref: "main" },
          headers: expect.objectContaining({ Authorization: "Bearer YOUR_TOKEN", "Content-Type": "application/json" }),
        },
      ]);
    });
  } finally {
    await session.close();
  }
});

/** What Supabase has and the embedded Postgres has not: https://supabase.com/docs/guides/functions/schedule-functions */
const supabaseStandIns = `
  create schema vault;
  create table vault.decrypted_secrets (name text, decrypted_secret text);
  create function vault.create_secret(new_secret text, new_name text) returns void language sql as
    $$ insert into vault.decrypted_secrets values (new_name, new_secret) $$;
  create schema net;
  create table net.request (url text, body jsonb, headers jsonb);
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
    timeout_milliseconds int default 2000) returns bigint language sql as
    $$ insert into net.request values (url, body, headers) returning 1::bigint $$;
  create schema cron;
  create table cron.job (jobname text, schedule text, command text);
  create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as
    $$ insert into cron.job values (job_name, schedule, command) returning 1::bigint $$;`;
