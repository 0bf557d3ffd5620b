import { guardMutations } from "./guard-mutations.ts";
import type { Mutation } from "./mutation.ts";
import { slotMutations } from "./slot-mutations.ts";
import { trustMutations } from "./trust-mutations.ts";

/** Two at least for each promise; `npm run promises` applies one at a time and sees its test fail. */
export const mutations: readonly Mutation[] = [...slotMutations, ...guardMutations, ...trustMutations];
