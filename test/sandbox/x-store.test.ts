import { expect, test } from "vitest";
import { createPost, inTransaction, listPosts, openXDatabase } from "../../src/sandbox/x-store.ts";

const now = new Date("2026-11-21T12:00:00Z");
const post = { xUserId: "1", text: "a", now, lagSeconds: 0, madeWithAi: false, duplicateWindowSeconds: 60 };

test("work that fails leaves nothing behind, and the file can be used on", () => {
  const database = openXDatabase(undefined);
  const failing = () =>
    inTransaction(database, () => {
      database.prepare("insert into posts values (1, '1', 'half', 0, 0, 0)").run();
      throw new Error("broken off");
    });
  expect(failing).toThrow("broken off");
  expect(listPosts(database)).toEqual([]);
  expect(createPost(database, post)?.text).toBe("a");
  expect(createPost(database, post)).toBeUndefined();
  database.close();
});

test("a clock before X began still gives ids that grow", () => {
  const database = openXDatabase(undefined);
  const ids = [0, 1].map((day) => createPost(database, { ...post, text: `${day}`, now: new Date(day) })?.id);
  expect(ids).toEqual(["1", "2"]);
  database.close();
});
