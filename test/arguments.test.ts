import { expect, test } from "vitest";
import { commands, helpText, parseArguments } from "../src/arguments.ts";
import { UserError } from "../src/errors.ts";

test("without a command, run is meant", () => {
  expect(parseArguments([])).toMatchObject({ command: "run", root: ".", json: false, help: false, positionals: [] });
  expect(parseArguments(["--json", "--client", "acme"])).toMatchObject({
    command: "run",
    json: true,
    flags: { client: "acme" },
  });
});

test("global options are read for every command", () => {
  const argv = ["plan", "--root", "here", "--state", "there", "--now", "2026-11-21T10:00:00+01:00", "--json"];
  expect(parseArguments(argv)).toMatchObject({
    command: "plan",
    root: "here",
    state: "there",
    now: new Date("2026-11-21T09:00:00Z"),
    json: true,
  });
});

test("validate takes any number of files", () => {
  expect(parseArguments(["validate"]).positionals).toEqual([]);
  expect(parseArguments(["validate", "a.yaml", "b.yaml"]).positionals).toEqual(["a.yaml", "b.yaml"]);
});

test.for([
  { argv: ["post"], says: "there is no command post (see `npm start -- --help`)" },
  { argv: ["toString"], says: "there is no command toString" },
  { argv: ["run", "--clint", "acme"], says: "--clint" },
  { argv: ["run", "--client"], says: "--client" },
  { argv: ["run", "acme"], says: "run takes no further words" },
  { argv: ["connect"], says: "connect takes CLIENT (see `npm start -- connect --help`)" },
  { argv: ["seal", "a", "b"], says: "seal takes [CLIENT]" },
  { argv: ["plan", "--now", "tomorrow"], says: "--now needs an instant with its zone" },
  { argv: ["plan", "--now", "2026-11-21T09:00:00"], says: "--now needs an instant with its zone" },
  { argv: ["plan", "--now", "2026-11-21"], says: "--now needs an instant with its zone" },
])("$argv is wrong usage: $says", ({ argv, says }) => {
  const failure = (() => {
    try {
      parseArguments(argv);
    } catch (error) {
      return error;
    }
    return undefined;
  })();
  expect(failure).toBeInstanceOf(UserError);
  expect(failure).toMatchObject({ exitCode: 2, message: expect.stringContaining(says) });
});

test.for([
  ["seal", "--help"],
  ["seal", "-h"],
  ["help", "seal"],
  ["help", "seal", "me"],
])("asking for help needs no further words: %j", (argv) => {
  expect(parseArguments(argv)).toMatchObject({ command: "seal", help: true });
});

test.for([["help"], ["-h"], ["help", "--help"]])("%j asks for the help of all commands", (argv) => {
  expect(parseArguments(argv)).toMatchObject({ help: true, positionals: [] });
});

test("help about a command that there is not is wrong usage", () => {
  expect(() => parseArguments(["help", "post"])).toThrow("there is no command post");
});

test("the overview names every command, and each command's help its own options and the global ones", () => {
  for (const name of Object.keys(commands) as (keyof typeof commands)[]) {
    expect(helpText()).toContain(`  ${name} `);
    const text = helpText(name);
    expect(text).toContain(commands[name].summary);
    const usage: { summary: string; options?: object } = commands[name];
    const own = Object.keys(usage.options ?? {});
    for (const option of [...own, "root", "state", "now", "json", "help"]) expect(text).toContain(`--${option}`);
  }
});
