import { expect, test } from "vitest";
import { hasLink } from "../../../src/generate/checks/entities.ts";
import { brokenRules } from "./broken-rules.ts";

test.for<{ text: string; link: boolean }>([
  { text: "See https://example.com/a", link: true },
  { text: "See example.com for more", link: true },
  { text: "The README.md explains it", link: true },
  { text: "A visit to sesame.kids today", link: true },
  { text: "http://localhost:3000 works", link: true },
  { text: "Books at www.shop.music.", link: true },
  { text: "Node.js and e.g. version 2.0", link: false },
  { text: "One sentence.Another one", link: false },
  { text: "Write to a@b", link: false },
])('"$text" has a link: $link', ({ text, link }) => {
  expect(hasLink(text)).toBe(link);
  expect(brokenRules(text)).toEqual(link ? ["links"] : []);
  expect(brokenRules(text, { linksAllowed: true })).toEqual([]);
});

test.for<{ text: string; broken: readonly string[] }>([
  { text: "Coffee #one #two", broken: [] },
  { text: "Coffee #one #two #three", broken: ["hashtags"] },
  { text: "Room #12 of 3", broken: [] },
  { text: "Shares $ACME rose", broken: [] },
  { text: "Shares $ACME and $BREW rose", broken: ["cashtags"] },
  { text: "It costs $5 or $7", broken: [] },
  { text: "Thanks to @somebody", broken: ["mentions"] },
  { text: "Thanks to ＠somebody", broken: ["mentions"] },
  { text: "Try @angular/core today, it is nice.", broken: ["mentions"] },
  { text: "＠angular/core is out", broken: ["mentions"] },
  { text: "We publish @acme_coffee/cups", broken: [] },
  { text: "We are @Acme_Coffee", broken: [] },
  { text: "We are @acme_coffee with @other", broken: ["mentions"] },
  { text: "Mail me@home", broken: [] },
])('"$text" breaks $broken', ({ text, broken }) => {
  expect(brokenRules(text)).toEqual(broken);
});

test("a handle written with @ is the same handle", () => {
  expect(brokenRules("We are @acme", { client: { handle: "@acme", avoid: [] } })).toEqual([]);
});
