import type { Client, Problem } from "../terms.ts";
import { problemAt } from "./parse-file.ts";
import { positionOf } from "./position.ts";

/** A client that passed its own checks, and the file to find a field in when it clashes with another one. */
export interface Candidate {
  client: Client;
  bytes: Uint8Array;
}

const unique = [
  { field: "handle", keyOf: ({ handle }: Client) => handle.toLowerCase() },
  { field: "x_user_id", keyOf: ({ xUserId }: Client) => xUserId },
] as const;

/** Two clients on one X account would post twice: each of them is told about the other. */
export function findDuplicates(candidates: readonly Candidate[]): readonly Problem[] {
  return unique.flatMap(({ field, keyOf }) => {
    const groups = Map.groupBy(candidates, ({ client }) => keyOf(client));
    return [...groups.values()].filter((group) => group.length > 1).flatMap((group) => clashes(field, group));
  });
}

function clashes(field: string, group: readonly Candidate[]): readonly Problem[] {
  return group.map(({ client, bytes }, index) => {
    const other = group[index === 0 ? 1 : 0]?.client.source.file;
    const more = group.length > 2 ? ` and ${group.length - 2} more` : "";
    return problemAt(client.source.file, positionOf(new TextDecoder().decode(bytes), [field]), {
      message: `${field} is the same as in ${other}${more}`,
      hint: "every client needs an X account of its own: change or remove one of the files",
    });
  });
}
