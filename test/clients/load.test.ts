import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadWorkspace } from "../../src/clients/load.ts";
import { UserError } from "../../src/errors.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { clientYaml, filesWith, said } from "./workspace.ts";

let folder: string;
let root: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-load-"));
  root = join(folder, "root");
  for (const file of filesWith()) if ("bytes" in file) await put(file.path, file.bytes);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

test("the folders are read and paths have forward slashes", async () => {
  const { clients, prompts, problems } = await loadWorkspace(root);
  expect(problems).toEqual([]);
  expect(clients.map(({ source }) => source.file)).toEqual(["clients/acme.yaml"]);
  expect([...prompts.keys()]).toEqual(["quick-tip"]);
});

test("folders, and files that are not YAML, are passed over", async () => {
  await put("clients/README.md", "hello");
  await put("clients/old.yaml/acme.yaml", "name: [");
  expect((await loadWorkspace(root)).problems).toEqual([]);
});

test("a file of 10 MB is a problem that names its size, and is not parsed", async () => {
  await put("clients/big.yaml", "a: 1\n".repeat(2_000_000));
  const startedMs = cpuMs();
  const { problems, broken, clients } = await loadWorkspace(root);
  expect(said(problems)).toEqual([
    "clients/big.yaml:1:1 the file has 9766 KiB, and 128 KiB is the most (move what does not belong into it elsewhere)",
  ]);
  expect([...broken]).toEqual(["big"]);
  expect(clients).toHaveLength(1);
  expect(cpuMs() - startedMs).toBeLessThan(2000);
});

test("a file of exactly 128 KiB is read", async () => {
  await put("clients/acme.yaml", `${clientYaml}#`.padEnd(128 * 1024, "x"));
  expect((await loadWorkspace(root)).problems).toEqual([]);
  await put("clients/acme.yaml", `${clientYaml}#`.padEnd(128 * 1024 + 1, "x"));
  expect((await loadWorkspace(root)).problems).toHaveLength(1);
});

test("a file in Latin-1 is a problem at its first wrong byte", async () => {
  await put("clients/acme.yaml", Buffer.from(clientYaml.replace("Warm", "Wärm"), "latin1"));
  expect(said((await loadWorkspace(root)).problems)).toEqual([
    "clients/acme.yaml:8:9 this byte is not UTF-8 (save the file with the encoding UTF-8)",
  ]);
});

test("a link that leads out of the workspace is not followed", async () => {
  await writeFile(join(folder, "outside.yaml"), clientYaml.replace("acme_coffee", "outside").replace("101", "102"));
  await symlink(join(folder, "outside.yaml"), join(root, "clients", "outside.yaml"));
  const { problems, broken } = await loadWorkspace(root);
  expect(said(problems)).toEqual([
    "clients/outside.yaml:1:1 this link leads out of the workspace (put the file itself here)",
  ]);
  expect([...broken]).toEqual(["outside"]);
});

test("a link that stays inside is followed, and one that leads nowhere is a problem", async () => {
  await put("templates/beta.yaml", clientYaml.replace("acme_coffee", "beta").replace("101", "102"));
  await symlink("../templates/beta.yaml", join(root, "clients", "beta.yaml"));
  await symlink("nowhere.yaml", join(root, "clients", "gamma.yaml"));
  const { problems, clients } = await loadWorkspace(root);
  expect(clients.map(({ id }) => id)).toEqual(["acme", "beta"]);
  expect(said(problems)).toEqual([
    "clients/gamma.yaml:1:1 cannot be read (ENOENT) (check that the file exists and may be read)",
  ]);
});

test("a clients folder that is a link to elsewhere gives problems, not clients", async () => {
  const other = join(folder, "other");
  await mkdir(other);
  await symlink(join(root, "clients"), join(other, "clients"));
  const { clients, problems } = await loadWorkspace(other);
  expect(clients).toEqual([]);
  expect(problems.map(({ message }) => message)).toContain("this link leads out of the workspace");
});

test("a named pipe does not hang the run", async () => {
  execFileSync("mkfifo", [join(root, "clients", "pipe.yaml")]);
  expect(said((await loadWorkspace(root)).problems)).toEqual([
    "clients/pipe.yaml:1:1 this is not a regular file (put a plain file here)",
  ]);
});

test("without a folder for prompts each use of one is a problem", async () => {
  await rm(join(root, "prompts"), { recursive: true });
  expect((await loadWorkspace(root)).problems).toMatchObject([{ file: "clients/acme.yaml", line: 12 }]);
});

test.for([
  { when: "does not exist", path: "nowhere", message: /is not a folder/ },
  { when: "holds no clients", path: ".", message: /has no folder clients\// },
  { when: "has a file in the place of clients", path: "odd", message: /has no folder clients\// },
])("a root that $when is wrong usage", async ({ path, message }) => {
  await mkdir(join(folder, "odd"));
  await writeFile(join(folder, "odd", "clients"), "");
  const loading = loadWorkspace(join(folder, path));
  await expect(loading).rejects.toBeInstanceOf(UserError);
  await expect(loading).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) as string });
});

test("a folder that cannot be listed is no empty folder", async () => {
  await rm(join(root, "prompts"), { recursive: true });
  await symlink("prompts", join(root, "prompts"));
  await expect(loadWorkspace(root)).rejects.toMatchObject({ code: "ELOOP" });
});
