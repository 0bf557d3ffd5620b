import { heading, list, paragraph, text } from "../record/markdown.ts";
import { type Block, serialise } from "../record/serialise.ts";
import type { Problem } from "../terms.ts";
import type { NewClient } from "./client-file.ts";

/** GitHub takes bodies of up to 65,536 characters; the preview below this part needs most of them. */
const maxBytes = 20_000;

/** The first part of the pull request's text: what it is, and what a person still has to do. */
export function requestBody({ id, path }: NewClient): string {
  const missing = [
    `The credentials: npm start -- connect ${id} asks the account's owner for access, or npm start -- seal ${id} seals tokens that you have. Never write them into an issue.`,
    "The prompts: the file takes every published one; keep those that fit.",
    `Optional: fallbacks, avoid, jitter, late. Editors complete them in ${path}.`,
    // GitHub lets no workflow start others without a person (docs.github.com/en/actions/concepts/security/github_token).
    "The checks: they wait, since a workflow opened this pull request. Somebody with write access selects Approve workflows to run in the merge box; where GitHub shows no such button, they close this pull request and reopen it.",
    "The start: the client rehearses, so nothing is sent, until somebody sets `status: active`.",
  ];
  return serialise(
    [
      {
        node: paragraph(
          text(
            `This adds the client ${id}, as the form of the issue says. Merge it to start its rehearsal; close it to say no.`,
          ),
        ),
      },
      { node: heading("Still missing") },
      { node: list(missing), more: "" },
    ],
    maxBytes,
  );
}

/** The comment on an issue whose form can't become a client. */
export function refusalComment(reasons: readonly string[]): string {
  const blocks: Block[] = [
    {
      node: paragraph(
        text(
          "This form can't become a client yet. Edit the issue, then somebody with write access comments /onboard.",
          300,
        ),
      ),
    },
    { node: list(reasons), more: "mend these first" },
  ];
  return serialise(blocks, maxBytes);
}

/** A problem of the new file in the words of the checks; the form has no lines. */
export function reasonOf({ message, hint }: Problem): string {
  return `${message} (${hint})`;
}
