import { expect, test } from "vitest";
import { checkText } from "../../../src/generate/checks/check.ts";
import { brokenRules, context } from "./broken-rules.ts";

// Joined from parts, so that scanners of this repository do not take them for real keys.
const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

test.for([
  ["OpenAI", `sk-proj-${letters}`],
  ["Stripe", `sk_live_${letters}`],
  ["GitHub", `ghp_${letters}`],
  ["GitHub, fine-grained", `github_pat_${letters}`],
  ["GitLab", `glpat-${letters}`],
  ["Slack", `xoxb-${letters}`],
  ["Supabase", `sb_secret_${letters}`],
  ["Google", `AIza${letters}`],
  ["AWS", `AKIA${"ABCDEFGH12345678"}`],
  ["age", "AGE-SECRET-KEY-1QQQQ"],
  ["PEM", "-----BEGIN PRIVATE KEY-----"],
  ["JWT", `eyJ${letters}.eyJ${letters}.x`],
  ["bearer", `Bearer ${letters}`],
  ["hex", "0123456789abcdef".repeat(2)],
  ["base64", "Ab1/".repeat(12)],
])("a key of %s is found, and the reason does not repeat it", ([, key = ""]) => {
  const failures = checkText(`Our key is ${key} today`, context);
  expect(failures.map(({ rule }) => rule)).toContain("secrets");
  expect(JSON.stringify(failures)).not.toContain(key);
});

test.for([
  ["a long word", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"],
  ["a short hash", "commit 3f2a91b fixed it"],
  ["a risk-averse sentence", "Ask a risk-averse friend about the task-force"],
  ["a phone number", "Call 0123456789 now"],
])("%s is no key", ([, text = ""]) => {
  expect(brokenRules(text)).toEqual([]);
});
