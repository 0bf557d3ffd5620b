import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { idNear, idPattern } from "../../src/clients/id.ts";
import { sortFiles } from "../../src/clients/sort-files.ts";
import { openSealedFile } from "../../src/commands/sealed-file.ts";
import { newIdentity } from "../../src/vendors/age.ts";

const names = fc.oneof(
  fc.stringMatching(/^[a-z0-9-]{1,42}$/),
  fc.stringMatching(/^[A-Za-z0-9 ._-]{1,60}$/),
  fc.string({ minLength: 1, unit: "grapheme" }),
);

test.for([
  { id: "a", isId: true },
  { id: "acme-2-b", isId: true },
  { id: "a".repeat(39), isId: true },
  { id: "a".repeat(40), isId: false },
  { id: "", isId: false },
  { id: "acme-", isId: false },
  { id: "-acme", isId: false },
  { id: "a--b", isId: false },
  { id: "Acme", isId: false },
  { id: "acme\n", isId: false },
])("whether $id is an id: $isId", ({ id, isId }) => {
  expect(idPattern.test(id)).toBe(isId);
});

test("the name that a problem offers is always an id, and an id is offered as it is", () => {
  const offered = (name: string) =>
    /[a-z0-9]/.test(name.toLowerCase()) ? idPattern.test(idNear(name)) : idNear(name) === "";
  fc.assert(fc.property(names, offered));
  const [problem] = sortFiles([{ path: "clients/__.yaml", bytes: new Uint8Array() }]).problems;
  expect(problem?.hint).toContain("for example acme");
  const ids = fc.stringMatching(/^[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,2}$/);
  fc.assert(fc.property(ids, (id) => idNear(id) === id));
  expect(idNear(`${"a".repeat(38)} b`)).toBe("a".repeat(38));
});

test("seal takes exactly the names that validate takes", async () => {
  const root = await mkdtemp(join(tmpdir(), "clara-id-"));
  const { recipient } = await newIdentity();
  await mkdir(join(root, "clients"));
  for (const id of ["acme", "acme-", "a--b", "-a", "a1-b2", "A", "a".repeat(39), "a".repeat(40), "a_b"]) {
    const path = `clients/${id}.yaml`;
    await writeFile(join(root, path), "name: A\n");
    const isValid = sortFiles([{ path, bytes: new Uint8Array() }]).clients.has(id);
    const opened = await openSealedFile({ root, client: id, recipients: [recipient] }).catch(() => undefined);
    expect([id, opened !== undefined]).toEqual([id, isValid]);
  }
  await rm(root, { recursive: true });
});
