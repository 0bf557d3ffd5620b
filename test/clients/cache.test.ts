import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assembleFrom, assembleWorkspace } from "../../src/clients/assemble.ts";
import { openCache } from "../../src/clients/cache.ts";
import { loadWorkspace } from "../../src/clients/load.ts";
import { readFiles } from "../../src/clients/read-files.ts";
import { clientYaml, defaultsYaml, filesWith, pricesYaml, promptYaml } from "./workspace.ts";

const betaYaml = clientYaml.replace("acme_coffee", "beta").replace('"101"', '"102"');
const twoClients = { "clients/beta.yaml": betaYaml };

/** What a second load takes from the first one, as if it came from the disk. */
function readAgain(before: Record<string, string | undefined>, after: Record<string, string | undefined>) {
  const { reads } = assembleFrom(filesWith({ ...twoClients, ...before }), undefined);
  const stored: typeof reads = deserialize(serialize(reads));
  const files = filesWith({ ...twoClients, ...after });
  const { workspace } = assembleFrom(files, stored);
  expect(workspace).toStrictEqual(assembleWorkspace(files));
  const known = new Set([...stored.clients.values()].map(({ client }) => client));
  return { reused: workspace.clients.filter((client) => known.has(client)).map(({ id }) => id), workspace };
}

describe("what is read again", () => {
  test.for([
    { when: "nothing changed", after: {}, reused: ["acme", "beta"] },
    { when: "one client changed", after: { "clients/acme.yaml": `${clientYaml}# new\n` }, reused: ["beta"] },
    {
      when: "one client is new",
      after: { "clients/gamma.yaml": betaYaml.replaceAll(/beta|102/g, "103") },
      reused: ["acme", "beta"],
    },
    { when: "one client is gone", after: { "clients/acme.yaml": undefined }, reused: ["beta"] },
    {
      when: "the defaults say something else",
      after: { "clients/_defaults.yaml": defaultsYaml.replace("rehearsal", "active") },
      reused: [],
    },
    {
      when: "a comment of the defaults changed",
      after: { "clients/_defaults.yaml": `${defaultsYaml}# new\n` },
      reused: ["acme", "beta"],
    },
    {
      when: "a price changed",
      after: { "clients/_prices.yaml": pricesYaml.replace("0.25", "0.3") },
      reused: ["acme", "beta"],
    },
    {
      when: "a prompt has new words",
      after: { "prompts/quick-tip.prompt.yml": promptYaml.replace("One tip", "A tip") },
      reused: ["acme", "beta"],
    },
    {
      when: "a prompt was withdrawn",
      after: { "prompts/quick-tip.prompt.yml": promptYaml.replace("published", "archived") },
      reused: [],
    },
    {
      when: "a prompt runs on one model",
      after: { "prompts/quick-tip.prompt.yml": `${promptYaml}models: [openai/gpt-4.1-mini]\n` },
      reused: [],
    },
  ])("when $when: all but $reused", ({ after, reused }) => {
    expect(readAgain({}, after).reused).toEqual(reused);
  });

  test("a client that now has the account of an unchanged one takes both out", () => {
    const { workspace } = readAgain({}, { "clients/beta.yaml": betaYaml.replace("beta", "acme_coffee") });
    expect([...workspace.broken]).toEqual(["acme", "beta"]);
    expect(workspace.problems.map(({ file }) => file)).toEqual(["clients/acme.yaml", "clients/beta.yaml"]);
  });

  test("warnings are said each time", () => {
    const busy = { "clients/acme.yaml": `${clientYaml}limits: { posts_per_day: 1 }\n` };
    const { workspace, reused } = readAgain(busy, busy);
    expect(reused).toEqual(["acme", "beta"]);
    expect(workspace.problems).toMatchObject([{ file: "clients/acme.yaml", severity: "warning" }]);
  });
});

const pieces = [
  "\n",
  ": ",
  "[",
  "{",
  "- ",
  '"',
  "\t",
  "#",
  "*x",
  "0",
  "1",
  "null",
  "acme",
  "beta",
  "\u00e9",
  "---\n",
  "",
];
const paths = [
  "clients/acme.yaml",
  "clients/beta.yaml",
  "clients/_defaults.yaml",
  "clients/_prices.yaml",
  "prompts/quick-tip.prompt.yml",
] as const;
const all: Record<(typeof paths)[number], string> = {
  "clients/acme.yaml": clientYaml,
  "clients/beta.yaml": betaYaml,
  "clients/_defaults.yaml": defaultsYaml,
  "clients/_prices.yaml": pricesYaml,
  "prompts/quick-tip.prompt.yml": promptYaml,
};
const edited = fc
  .array(fc.tuple(fc.constantFrom(...paths), fc.nat(1000), fc.nat(8), fc.constantFrom(...pieces)), { maxLength: 3 })
  .map((edits) => {
    const texts: Record<string, string> = { ...all };
    for (const [path, place, length, piece] of edits) {
      const text = texts[path] ?? "";
      const at = place % (text.length + 1);
      texts[path] = text.slice(0, at) + piece + text.slice(at + length);
    }
    return texts;
  });

test("after any edits a workspace is the same with what was read before and without", () => {
  fc.assert(
    fc.property(edited, edited, (before, after) => {
      const { reads } = assembleFrom(filesWith(before), undefined);
      const files = filesWith(after);
      expect(assembleFrom(files, deserialize(serialize(reads))).workspace).toStrictEqual(assembleWorkspace(files));
    }),
    { numRuns: 300 },
  );
});

describe("on disk", () => {
  let root: string;
  let cacheDirectory: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "clara-cache-"));
    cacheDirectory = join(root, ".clara", "cache");
    await put(filesWith(twoClients));
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  async function put(files: ReturnType<typeof filesWith>): Promise<void> {
    for (const file of files) {
      await mkdir(dirname(join(root, file.path)), { recursive: true });
      if ("bytes" in file) await writeFile(join(root, file.path), file.bytes);
    }
  }

  test("without a folder for it nothing is kept", async () => {
    await loadWorkspace(root);
    expect(await readdir(root)).toEqual(["clients", "prompts"]);
  });

  test("an unchanged workspace is the stored one, whatever the files' dates", async () => {
    const cold = await loadWorkspace(root, { cacheDirectory });
    await put(filesWith(twoClients));
    expect(openCache(cacheDirectory, readFiles(root)).unchanged).toStrictEqual(cold);
    expect(await loadWorkspace(root, { cacheDirectory })).toStrictEqual(await loadWorkspace(root));
  });

  test("a change that keeps a file's size is seen", async () => {
    await loadWorkspace(root, { cacheDirectory });
    await put(filesWith({ ...twoClients, "clients/acme.yaml": clientYaml.replace("Warm", "Cold") }));
    const { clients } = await loadWorkspace(root, { cacheDirectory });
    expect(clients.map(({ voice }) => voice)).toEqual(["Cold and dry.", "Warm and dry."]);
  });

  test("problems are the same when nothing has changed, files that cannot be read included", async () => {
    await put(filesWith({ "clients/gamma.yaml": "name: [", "clients/delta.yaml": "a: 1\n".repeat(60_000) }));
    const cold = await loadWorkspace(root, { cacheDirectory });
    expect(cold.problems).toHaveLength(2);
    expect(await loadWorkspace(root, { cacheDirectory })).toStrictEqual(cold);
  });

  test("a workspace without prices or defaults is the same when nothing has changed", async () => {
    await rm(join(root, "clients", "_prices.yaml"));
    await rm(join(root, "clients", "_defaults.yaml"));
    const cold = await loadWorkspace(root, { cacheDirectory });
    expect(openCache(cacheDirectory, readFiles(root)).unchanged).toStrictEqual(cold);
    expect(cold.prices.x.postUsd).toBe(Number.POSITIVE_INFINITY);
  });

  test("a damaged cache is read past, and replaced", async () => {
    const cold = await loadWorkspace(root, { cacheDirectory });
    const [name = ""] = await readdir(cacheDirectory);
    const bytes = await readFile(join(cacheDirectory, name));
    bytes.writeUInt8(bytes.readUInt8(200) ^ 255, 200);
    await writeFile(join(cacheDirectory, name), bytes);
    expect(openCache(cacheDirectory, readFiles(root))).toEqual({ keep: expect.any(Function) });
    expect(await loadWorkspace(root, { cacheDirectory })).toStrictEqual(cold);
    expect(openCache(cacheDirectory, readFiles(root)).unchanged).toStrictEqual(cold);
  });

  const run = (code: string) =>
    promisify(execFile)(process.execPath, [
      "--import",
      join(import.meta.dirname, "..", "support", "trace-imports.mjs"),
      "--input-type=module",
      "--eval",
      `import { loadWorkspace } from ${JSON.stringify(join(import.meta.dirname, "../../src/clients/load.ts"))};\n${code}`,
    ]);
  const loading = (times: number) => `
    for (let time = 0; time < ${times}; time += 1) {
      const { clients } = await loadWorkspace(${JSON.stringify(root)}, { cacheDirectory: ${JSON.stringify(cacheDirectory)} });
      if (clients.length !== 2) throw new Error("not both clients");
    }`;

  test("an unchanged workspace loads no package, parser or schema", async () => {
    await loadWorkspace(root, { cacheDirectory });
    const { stderr } = await run(loading(1));
    const loaded = stderr.split("\n").filter((line) => line.startsWith("loaded file:"));
    expect(loaded.map((line) => line.replace(/^.*\/src\//, ""))).toEqual([
      "clients/load.ts",
      "clients/cache.ts",
      "cached-file.ts",
      "code-version.ts",
      "clients/read-files.ts",
      "errors.ts",
    ]);
  });

  test("processes that write at once leave a cache that holds, and nothing else", async () => {
    const beside = join(root, "clients", "_defaults.yaml");
    const writer = (mark: string) => `
      import { renameSync, writeFileSync } from "node:fs";
      for (let time = 0; time < 20; time += 1) {
        writeFileSync(${JSON.stringify(`${beside}.new`)}, ${JSON.stringify(defaultsYaml)} + "# ${mark} " + time + "\\n");
        renameSync(${JSON.stringify(`${beside}.new`)}, ${JSON.stringify(beside)});
        ${loading(1)}
      }`;
    await Promise.all([run(loading(40)), run(writer("one")), run(loading(40))]);
    const cold = await loadWorkspace(root, { cacheDirectory });
    expect(openCache(cacheDirectory, readFiles(root)).unchanged).toStrictEqual(cold);
    expect(await readdir(cacheDirectory)).toEqual(["workspace.bin"]);
  });
});
