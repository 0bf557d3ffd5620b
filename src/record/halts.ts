import { firstOf } from "./format.ts";

/** Clients that one sentence names before `and 9 more`. */
const maxNames = 5;

/**
 * A sentence for each kind of halt that stands, for the end of every summary: one that nobody remembers would keep an
 * account silent while its runs succeed.
 */
export function haltNotes(halts: {
  everything: string | undefined;
  clients: readonly { id: string; why: string }[];
}): readonly string[] {
  const names = halts.clients.map(({ id, why }) => `${id} (${why})`);
  return [
    ...(halts.everything === undefined ? [] : [`Everything is halted: ${halts.everything}.`]),
    ...(names.length === 0 ? [] : [`Halted until resume names them: ${firstOf(names, maxNames)}.`]),
  ];
}
