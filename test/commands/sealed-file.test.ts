import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { replaceFiles } from "../../src/commands/sealed-file.ts";
import { UserError } from "../../src/errors.ts";

const names = ["a.yaml", "b.yaml", "c.yaml"];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-replace-"));
  for (const name of names) await writeFile(join(folder, name), `old ${name}`);
});
afterEach(() => rm(folder, { recursive: true }));

const replacements = () =>
  names.map((name) => ({ path: join(folder, name), before: `old ${name}`, text: `new ${name}` }));
const texts = () => Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));

test("every file is replaced, and nothing else is left behind", async () => {
  await replaceFiles(replacements());
  expect(await texts()).toEqual(names.map((name) => `new ${name}`));
  expect((await readdir(folder)).sort()).toEqual(names);
});

test.for([0, 1, 2])("when the move of file %i fails, all have their old text again", async (failing) => {
  let moves = 0;
  const move: typeof rename = async (from, to) => {
    moves += 1;
    if (moves > failing) throw new Error("the disk is gone");
    await rename(from, to);
  };
  await expect(replaceFiles(replacements(), move)).rejects.toThrow("the disk is gone");
  expect(await texts()).toEqual(names.map((name) => `old ${name}`));
  expect((await readdir(folder)).sort()).toEqual(names);
});

test("a file that was changed meanwhile keeps that change, and no other file is replaced", async () => {
  await writeFile(join(folder, "c.yaml"), "a person was here");
  await expect(replaceFiles(replacements())).rejects.toThrow(UserError);
  expect(await texts()).toEqual(["old a.yaml", "old b.yaml", "a person was here"]);
  expect((await readdir(folder)).sort()).toEqual(names);
});
