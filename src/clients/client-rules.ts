import twitterText from "twitter-text";
import type { Client, Prompt } from "../terms.ts";
import type { ClientFile, SharedFields } from "./files.ts";
import { type Finding, fault, label, type Path } from "./finding.ts";
import { suggest } from "./names.ts";
import { sharedScheduleFindings, timeFindings } from "./schedule.ts";
import { isTimeZone, suggestTimeZone } from "./timezone.ts";

/**
 * What the rules of a client look up, and nothing else: a client is read again only when its file or a value of this
 * changes.
 */
export interface Surroundings {
  /** Those with a price. Missing when the prices have an error, which is said there. */
  models: ReadonlySet<string> | undefined;
  prompts: ReadonlyMap<string, { state: Prompt["state"]; models: readonly string[]; file: string }>;
  /** Prompts whose own file has an error, which is said there and not at each client. */
  unusable: ReadonlySet<string>;
  /** Missing when the defaults have an error. */
  shared: SharedFields | undefined;
}

/** What is wrong in the fields that a client and the defaults can both give. No models: the price file is broken. */
export function sharedFindings(fields: SharedFields, path: Path, models: Surroundings["models"]): readonly Finding[] {
  return [
    ...sharedScheduleFindings(fields.schedule ?? {}, [...path, "schedule"]),
    ...priceFindings(fields, path, models),
    ...fallbackFindings(fields.fallbacks ?? [], [...path, "fallbacks"]),
  ];
}

/** What is wrong in a client's own fields, once the defaults are merged in. */
export function clientFindings(file: ClientFile, client: Client, around: Surroundings): readonly Finding[] {
  return [
    ...zoneFindings(file.timezone),
    ...timeFindings(file.schedule, client.schedule, ["schedule"]),
    ...(around.shared ? modelFindings(client) : []),
    ...promptFindings(client, around),
    ...credentialFindings(file),
    ...surprises(file, client),
  ];
}

function zoneFindings(timezone: string): readonly Finding[] {
  if (isTimeZone(timezone)) return [];
  const message = `${JSON.stringify(timezone)} is not a time zone`;
  return [fault(["timezone"], message, suggestTimeZone(timezone))];
}

function priceFindings(fields: SharedFields, path: Path, models: Surroundings["models"]): readonly Finding[] {
  if (models === undefined) return [];
  const named: [Path, string][] = (fields.fallback_models ?? []).map((model, index) => [
    [...path, "fallback_models", index],
    model,
  ]);
  if (fields.model !== undefined) named.unshift([[...path, "model"], fields.model]);
  return named
    .filter(([, model]) => !models.has(model))
    .map(([at, model]) => {
      const hint = suggest(model, models, "add it to clients/_prices.yaml, or name a model that stands there");
      return fault(at, `the model ${JSON.stringify(model)} has no price in clients/_prices.yaml`, hint);
    });
}

function modelFindings(client: Client): readonly Finding[] {
  if (client.models.length > 0) return [];
  return [
    fault([], "the client has no model", 'add for example model: "openai/gpt-5-mini", here or in _defaults.yaml'),
  ];
}

/** The prompts that do not exist, in a file that is not of the schema's form: both are to be mended at once. */
export function missingPrompts(file: unknown, around: Surroundings): readonly Finding[] {
  const posts = typeof file === "object" && file !== null && "posts" in file ? file.posts : undefined;
  if (!Array.isArray(posts)) return [];
  // Of more posts and of ids of another form the schema speaks itself.
  return posts.slice(0, 50).flatMap((post: unknown, index) => {
    const id = typeof post === "object" && post !== null && "prompt" in post ? post.prompt : undefined;
    const isSaid = typeof id !== "string" || id.length === 0 || id.length > 100;
    return isSaid ? [] : missingPrompt(id, index, around);
  });
}

function missingPrompt(id: string, index: number, { prompts, unusable }: Surroundings): readonly Finding[] {
  if (unusable.has(id) || prompts.has(id)) return [];
  const otherwise = "write the name of a file in prompts/ without .prompt.yml";
  const hint = suggest(id, prompts.keys(), otherwise);
  return [fault(["posts", index, "prompt"], `the prompt ${JSON.stringify(id)} does not exist`, hint)];
}

function promptFindings(client: Client, around: Surroundings): readonly Finding[] {
  return client.posts.flatMap(({ prompt: id }, index) => {
    const path = ["posts", index, "prompt"];
    const prompt = around.prompts.get(id);
    if (prompt === undefined) return missingPrompt(id, index, around);
    if (prompt.state !== "published") {
      const hint = `set state: published in ${prompt.file}, or take another prompt`;
      return [fault(path, `the prompt ${JSON.stringify(id)} is not published: it is ${prompt.state}`, hint)];
    }
    const usable = prompt.models.length === 0 || client.models.some((model) => prompt.models.includes(model));
    if (usable || client.models.length === 0) return [];
    const message = `the prompt ${JSON.stringify(id)} runs on none of this client's models`;
    return [fault(path, message, `set model or fallback_models to one of ${prompt.models.join(", ")}`)];
  });
}

const armour =
  /^-----BEGIN AGE ENCRYPTED FILE-----\r?\nYWdlLWVuY3J5cHRpb24ub3Jn(?:[A-Za-z0-9+/=]{1,76}\r?\n)+-----END AGE ENCRYPTED FILE-----\s*$/;

function credentialFindings(file: ClientFile): readonly Finding[] {
  if (file.credentials === undefined || armour.test(file.credentials.sealed)) return [];
  const message = "credentials.sealed is not a block of the age format";
  return [fault(["credentials", "sealed"], message, "run `npm start -- seal <client>` and keep its block as it is")];
}

/** What works and still is not what people expect. */
function surprises(file: ClientFile, client: Client): readonly Finding[] {
  const findings: Finding[] = [];
  const warn = (path: Path, message: string, hint: string) =>
    findings.push({ ...fault(path, message, hint), severity: "warning" });
  const perDay = client.schedule.times.length;
  const most = client.limits.postsPerDay;
  if (perDay > most) {
    const path = file.limits?.posts_per_day === undefined ? ["schedule"] : ["limits", "posts_per_day"];
    const message = `the schedule owes ${perDay} posts a day, and limits.posts_per_day allows ${most}`;
    warn(path, message, `set limits.posts_per_day to ${perDay}, or write fewer times`);
  }
  return findings;
}

const maxWeightedLength = 280;

function fallbackFindings(texts: readonly string[], path: Path): readonly Finding[] {
  return texts.flatMap((text, index) => {
    if (isSurelyShort(text)) return [];
    const { weightedLength } = twitterText.parseTweet(text);
    if (weightedLength <= maxWeightedLength) return [];
    const at = [...path, index];
    return [fault(at, `${label(at)} counts ${weightedLength} characters on X`, `shorten it to ${maxWeightedLength}`)];
  });
}

/** Characters that weigh 1 in twitter-text's configuration 3. */
const lightOnly = /^[\0-\u024f\u2000-\u200d\u2010-\u201f]*$/;

/** Exact counting costs 0.1 ms a text. Every URL needs a dot and counts 23, so this bound is never too low. */
function isSurelyShort(text: string): boolean {
  const dots = text.split(".").length - 1;
  return text.length + 23 * dots <= maxWeightedLength && lightOnly.test(text);
}
