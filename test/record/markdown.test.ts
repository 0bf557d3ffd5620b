import { expect, test } from "vitest";
import { text } from "../../src/record/markdown.ts";

test.for([
  { what: "a mention", value: "thanks @octocat", parted: "thanks @~octocat" },
  { what: "an e-mail address", value: "me@example.com", parted: "me@~example.com" },
  { what: "an issue number", value: "see #12", parted: "see #~12" },
  { what: "the long form of an issue number", value: "see gh-12", parted: "see gh-~12" },
  { what: "an address", value: "HTTPS://example.com", parted: "HTTPS:~//example.com" },
  { what: "an address without a protocol", value: "www.example.com", parted: "www~.example.com" },
  { what: "an emoji code", value: ":tada: :+1: :100:", parted: ":~tada: :~+1: :~100:" },
])("$what is parted by a word joiner, so that GitHub makes nothing of it", ({ value, parted }) => {
  expect(text(value).value.replaceAll("\u2060", "~")).toBe(parted);
});

test("hashtags, times, places in files and prices stay untouched", () => {
  const plain = "#bread at 9:00, clients/acme.yaml:12:5, $0.0153, a @ b";
  expect(text(plain).value).toBe(plain);
});
