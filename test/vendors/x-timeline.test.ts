import { expect, test } from "vitest";
import { timelinePost } from "../../src/vendors/x-timeline.ts";

const wire = { id: "7", text: "a", created_at: "2026-11-21T12:00:00.000Z" };

test.for([
  {
    when: "a link is expanded",
    more: {
      text: "see https://t.co/a!",
      entities: { urls: [{ url: "https://t.co/a", expanded_url: "https://b.org", unwound_url: "https://c.org" }] },
    },
    expected: "see https://b.org!",
  },
  {
    when: "only the end of a link is known",
    more: {
      text: "https://t.co/a",
      entities: { urls: [{ url: "https://t.co/a", expanded_url: null, unwound_url: "https://c.org" }] },
    },
    expected: "https://c.org",
  },
  {
    when: "nothing is known of a link",
    more: { text: "https://t.co/a", entities: { urls: [{ url: "https://t.co/a" }] } },
    expected: "https://t.co/a",
  },
  {
    when: "a picture adds its own link",
    more: {
      text: "look https://t.co/p",
      entities: { urls: [{ url: "https://t.co/p", media_key: "3_1", expanded_url: "https://x.com/p" }] },
    },
    expected: "look",
  },
  {
    when: "an address has a dollar sign",
    more: { text: "https://t.co/a", entities: { urls: [{ url: "https://t.co/a", expanded_url: "https://b.org/$&" }] } },
    expected: "https://b.org/$&",
  },
  {
    when: "a link entity is broken",
    more: { text: "a b", entities: { urls: [{ url: "" }, null, 3] } },
    expected: "a b",
  },
  { when: "an ampersand was written as an entity", more: { text: "&amp;lt; &lt;b&gt; &amp;" }, expected: "&lt; <b> &" },
  { when: "letters are decomposed", more: { text: "Cafe\u0301" }, expected: "Café" },
  {
    when: "the whole text stands in note_tweet",
    more: { text: "a…", note_tweet: { text: "a &amp; b" } },
    expected: "a & b",
  },
  {
    when: "the whole text stands in note_post",
    more: { text: "a…", note_post: { text: "a and b", entities: {} } },
    expected: "a and b",
  },
])("a text is read as written when $when", ({ more, expected }) => {
  expect(timelinePost({ ...wire, ...more })?.text).toBe(expected);
});

test.for([
  { ...wire, id: 7 },
  { ...wire, text: undefined },
  { ...wire, created_at: undefined },
  { ...wire, created_at: "soon" },
  null,
])("%j is no post", (broken) => {
  expect(timelinePost(broken)).toBeUndefined();
});
