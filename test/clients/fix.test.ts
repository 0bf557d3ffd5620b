import { expect, test } from "vitest";
import { fixText } from "../../src/clients/fix.ts";
import { clientYaml, defaultsYaml, promptYaml } from "./workspace.ts";

const client = "clients/acme.yaml";
const fix = (text: string, path = client) => fixText(path, text);

test.for<{ what: string; from: string; to: string; line: number; column: number; says: string; mended?: string }>([
  {
    what: "a typo of a required field",
    from: "voice:",
    to: "vioce:",
    line: 8,
    column: 1,
    says: '"vioce" is now "voice"',
  },
  {
    what: "a typo in quotes",
    from: "voice:",
    to: '"vocie" :',
    mended: "voice :",
    line: 8,
    column: 1,
    says: '"vocie" is now "voice"',
  },
  { what: "a typo deeper down", from: "times:", to: "tiems:", line: 7, column: 3, says: '"tiems" is now "times"' },
  { what: "a typo in a list", from: "prompt: ", to: "promt: ", line: 12, column: 5, says: '"promt" is now "prompt"' },
  {
    what: "a zone in lower case",
    from: "Europe/Berlin",
    to: "europe/berlin",
    line: 4,
    column: 11,
    says: 'timezone is now "Europe/Berlin"',
  },
  {
    what: "a zone with a space",
    from: "Europe/Berlin",
    to: '"America/New York" # home',
    mended: "America/New_York # home",
    line: 4,
    column: 11,
    says: 'timezone is now "America/New_York"',
  },
  {
    what: "times that are not in order",
    from: '["09:00", "17:30"]',
    to: "[ '17:30',  \"09:00\" ] # two",
    mended: "[ \"09:00\",  '17:30' ] # two",
    line: 7,
    column: 10,
    says: "schedule.times is in order now",
  },
  {
    what: "days that are not in order",
    from: "weekdays",
    to: "[sun, mon, wed]",
    mended: "[mon, wed, sun]",
    line: 6,
    column: 9,
    says: "schedule.days is in order now",
  },
  {
    what: "a list over several lines",
    from: "weekdays",
    to: "\n    - fri\n    - tue",
    mended: "\n    - tue\n    - fri",
    line: 7,
    column: 5,
    says: "schedule.days is in order now",
  },
  {
    what: "a handle with its @",
    from: "acme_coffee",
    to: "'@acme_coffee'",
    mended: "'acme_coffee'",
    line: 2,
    column: 9,
    says: "handle stands without @ now",
  },
  {
    what: "a handle with an @ that YAML does not take",
    from: "acme_coffee",
    to: "@acme_coffee # X",
    mended: "acme_coffee # X",
    line: 2,
    column: 9,
    says: "handle stands without @ now",
  },
])("$what is repaired where it stands", ({ from, to, line, column, says, mended = from }) => {
  const broken = clientYaml.replace(from, to);
  expect(broken).not.toBe(clientYaml);
  expect(fix(broken)).toEqual({ text: clientYaml.replace(from, mended), repairs: [{ line, column, says }] });
});

test.for([
  { what: "a field that is there already", text: clientYaml.replace("voice:", "vioce: other\nvoice:") },
  { what: "two fields that could both be meant", text: clientYaml.replace("voice:", "vioce: one\nvocie:") },
  { what: "a name that nothing is like", text: `${clientYaml}favourite_colour: red\n` },
  { what: "a value that the field does not take", text: `${clientYaml}mode: 7\n` },
  { what: "a secret under credentials", text: `${clientYaml}credentials: { seald: x }\n` },
  { what: "a zone that is another word", text: clientYaml.replace("Europe/Berlin", "Europe/Munich") },
  {
    what: "times with a comment at one of them",
    text: clientYaml.replace('["09:00", "17:30"]', '\n    - "17:30" # late\n    - "09:00"'),
  },
  {
    what: "times with a comment at the last one",
    text: clientYaml.replace('["09:00", "17:30"]', '\n    - "17:30"\n    - "09:00" # early'),
  },
  {
    what: "times with a comment before the first one",
    text: clientYaml.replace('["09:00", "17:30"]', '\n    # late\n    - "17:30"\n    - "09:00"'),
  },
  {
    what: "times with a comment in brackets",
    text: clientYaml.replace('["09:00", "17:30"]', '["17:30", # late\n    "09:00"]'),
  },
  { what: "times with an anchor", text: clientYaml.replace('["09:00", "17:30"]', '[&late "17:30", "09:00"]') },
  { what: "times of which one is none", text: clientYaml.replace('["09:00", "17:30"]', '["25:00", "09:00"]') },
  { what: "a file that is no YAML", text: `${clientYaml}  : [` },
  {
    what: "an @ in a file that is no YAML without it either",
    text: `${clientYaml.replace("acme_coffee", "@acme_coffee")}  : [`,
  },
  { what: "an empty file", text: "" },
])("$what is left to a person", ({ text }) => {
  expect(fix(text)).toEqual({ text, repairs: [] });
});

test("what an alias repeats is mended once, where it is written", () => {
  const text = clientYaml.replace("- prompt: quick-tip", "- &a { promt: quick-tip }\n  - *a");
  expect(fix(text).text).toBe(text.replace("promt", "prompt"));
});

test("each kind of file is mended by its own schema", () => {
  expect(fix(defaultsYaml.replace("recipient:", "recipent:"), "clients/_defaults.yaml").text).toBe(defaultsYaml);
  expect(fix(promptYaml.replace("messages:", "mesages:"), "prompts/quick-tip.prompt.yml").text).toBe(promptYaml);
  const unsorted = defaultsYaml.replace("model: openai", "modle: openai");
  expect(fix(unsorted, "clients/_defaults.yaml").text).toBe(defaultsYaml);
});

test("several mistakes of one file are mended one after the other, a typo first that hides another one", () => {
  const broken = clientYaml
    .replace("timezone: Europe/Berlin", "timezon: europe/berlin")
    .replace("schedule:", "shedule:")
    .replace('times: ["09:00", "17:30"]', 'tims: ["17:30", "09:00"]')
    .replace("acme_coffee", "@acme_coffee");
  const { text, repairs } = fix(broken);
  expect(text).toBe(clientYaml);
  expect(repairs.map(({ line }) => line).toSorted()).toEqual([2, 4, 4, 5, 7, 7]);
});
