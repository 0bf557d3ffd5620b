import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import { type Contexts, contexts, hostile, install, scriptStage } from "./run-scripts.ts";

const stage = scriptStage();

const lever = (inputs: Contexts["inputs"]) => contexts({ action: "halt", client: "", why: "wrong numbers", ...inputs });

test.for([
  { inputs: {}, words: ["halt", "--why=wrong numbers"] },
  { inputs: { client: "acme" }, words: ["halt", "--why=wrong numbers", "--", "acme"] },
  { inputs: { why: "" }, words: ["halt", "--why="] },
  { inputs: { action: "resume" }, words: ["resume"] },
  { inputs: { action: "resume", client: "acme" }, words: ["resume", "--", "acme"] },
])("the inputs $inputs of a lever become the words $words", async ({ inputs, words }) => {
  const { bin, calls } = await stage.stubNpm();
  expect((await stage.runScripts("levers.yml", lever(inputs), bin)).at(-1)).toEqual({ code: 0, output: "" });
  expect(await calls()).toEqual([install, ["start", "--silent", "--", ...words, "key="]]);
});

test.for(hostile)(
  "the client and the reason %j of a lever reach npm as one word each, and nothing is executed",
  async (text) => {
    const { bin, calls } = await stage.stubNpm();
    const results = await stage.runScripts("levers.yml", lever({ client: text, why: text }), bin);
    expect(results.at(-1)).toEqual({ code: 0, output: "" });
    expect((await calls())[1]).toEqual(["start", "--silent", "--", "halt", `--why=${text}`, "--", text, "key="]);
    expect(await readdir(stage.work())).toEqual([]);
  },
);

test.for([...hostile, "", "run", "halt resume"])(
  "the action %j is no lever: the job fails and starts nothing",
  async (action) => {
    const { bin, calls } = await stage.stubNpm();
    const results = await stage.runScripts("levers.yml", lever({ action }), bin);
    expect(results.at(-1)).toEqual({ code: 2, output: "the action must be halt or resume\n" });
    expect(await calls()).toEqual([install]);
    expect(await readdir(stage.work())).toEqual([]);
  },
);

test.for(["halt", "resume"])(
  "the real npm hands the words of a %s on as they are, and a client is never an option",
  async (action) => {
    const words = await stage.standIn();
    const why = "a\n::error::b $(touch x)";
    const results = await stage.runScripts("levers.yml", lever({ action, client: "--all $(touch x)", why }));
    expect(results.at(-1)).toEqual({ code: 0, output: "" });
    const handed = await words();
    expect(handed).toEqual([action, ...(action === "halt" ? [`--why=${why}`] : []), "--", "--all $(touch x)"]);
    expect(parseArguments(handed)).toMatchObject({ command: action, positionals: ["--all $(touch x)"] });
    expect(await readdir(stage.work())).not.toContain("x");
  },
);
