import { counted } from "../../record/format.ts";
import type { Check } from "./verdict.ts";

/** 3. Every post stands on the account of the client whose slot it is. */
export const checkAccount: Check = ({ posts, slots, clients, journal }) => {
  const broken = posts.flatMap(({ id, slot, xUserId }) => {
    if (slot === undefined) return [`post ${id} on account ${xUserId} belongs to no slot`];
    const client = clients.get(slots.get(slot)?.client ?? "");
    return client?.xUserId === xUserId ? [] : [`${slot} is on account ${xUserId}, not on ${client?.xUserId}`];
  });
  const tried =
    journal.mixedUp === 0
      ? "no credential was ever another client's, so that was not tried"
      : `${counted(journal.mixedUp, "time")} a credential was another client's`;
  return { looked: `posts on X; ${tried}`, cases: posts.length, broken };
};
