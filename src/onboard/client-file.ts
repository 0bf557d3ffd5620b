import { Document, isNode, type Scalar, visit } from "yaml";
import { assembleWorkspace } from "../clients/assemble.ts";
import { idNear } from "../clients/id.ts";
import type { WorkspaceFile } from "../clients/parse-file.ts";
import type { Problem, Workspace } from "../terms.ts";
import { type Answers, labels } from "./form.ts";

/** A client's file made from a form: where it belongs, its text, and what the checks say of it. */
export interface NewClient {
  id: string;
  path: string;
  text: string;
  problems: readonly Problem[];
}

const editorLine = " yaml-language-server: $schema=../schemas/client.schema.json";

/**
 * The file of a new client, checked beside all the others, or why there can be none. It rehearses until a person sets it
 * active, and it takes every published prompt, since a form can't show them.
 */
export function makeClient(
  answers: Answers,
  { files, workspace }: { files: readonly WorkspaceFile[]; workspace: Workspace },
): NewClient | { refused: string } {
  const id = idNear(answers.handle);
  if (id === "") return { refused: `${labels.handle}: write the account's name, such as acme_coffee` };
  const path = `clients/${id}.yaml`;
  const taken = files.some((file) => file.path.toLowerCase().replace(/\.yml$/, ".yaml") === path);
  if (taken) return { refused: `${path} exists already: this account is a client, or another one has nearly its name` };
  const prompts = [...workspace.prompts.values()].filter(({ state }) => state === "published").map(({ id }) => id);
  const text = fileText(answers, prompts);
  const bytes = new TextEncoder().encode(text);
  const { problems } = assembleWorkspace([...files, { path, bytes }]);
  return { id, path, text, problems: problems.filter(({ file }) => file === path) };
}

function fileText(answers: Answers, prompts: readonly string[]): string {
  const document = new Document(fieldsOf(answers, prompts));
  document.commentBefore = editorLine;
  // Older YAML readers take 09:00 for a number.
  const times = document.getIn(["schedule", "times"]);
  if (isNode(times)) visit(times, { Scalar: quote });
  return document.toString({ lineWidth: 120 });
}

function quote(_: unknown, scalar: Scalar): void {
  scalar.type = "QUOTE_DOUBLE";
}

/** An answer that fits no field stands in the file as it was given, so that the checks name it at its line. */
function fieldsOf(answers: Answers, prompts: readonly string[]): object {
  const { name, handle, xUserId, timezone, language, voice } = answers;
  return {
    name: oneLine(name),
    handle: oneLine(handle).replace(/^@/, ""),
    x_user_id: oneLine(xUserId),
    status: "rehearsal",
    timezone: oneLine(timezone),
    ...(language !== "" && { language: oneLine(language) }),
    schedule: { days: daysOf(answers.days), times: words(answers.times) },
    voice,
    topics: answers.topics
      .split("\n")
      .map((line) => line.replace(/^\s*[-*]\s+/, "").trim())
      .filter(Boolean),
    posts: prompts.map((prompt) => ({ prompt })),
    links: linksOf(answers.links),
    ...(answers.budget !== "" && { limits: { usd_per_month: dollarsOf(answers.budget) } }),
  };
}

function daysOf(answer: string): string | readonly string[] {
  const days = words(answer.toLowerCase());
  const [only = ""] = days;
  return days.length === 1 && ["daily", "weekdays", "weekends"].includes(only) ? only : days;
}

/** The choices of the form. */
function linksOf(answer: string): string | { max_per_week: number } {
  const weekly = /^At most (\d{1,2}) a week$/.exec(answer)?.[1];
  if (weekly !== undefined) return { max_per_week: Number(weekly) };
  return answer === "Whenever they help" ? "allow" : "deny";
}

function dollarsOf(answer: string): number | string {
  const dollars = Number(answer.replace(/^\$\s*/, ""));
  return Number.isFinite(dollars) ? dollars : oneLine(answer);
}

function words(answer: string): readonly string[] {
  return answer.split(/[\s,;]+/).filter(Boolean);
}

function oneLine(answer: string): string {
  return answer.replace(/\s+/g, " ").trim();
}
