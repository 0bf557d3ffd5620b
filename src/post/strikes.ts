import type { Strike } from "../ports.ts";

const hour = 60;
const day = 24 * hour;

/** X answers 401 in outages of its own, so one of them does not end a client, and several do not end all at once. */
export function credentialStrikes(reason: string): readonly Strike[] {
  return [
    { scope: "client", cause: "credentials", reason, baseMinutes: 30, capMinutes: day, opensAfter: 3 },
    refusedClients,
  ];
}

/** X refuses something of this client and does not say why: its account may be locked. */
export function unnamedStrike(reason: string): Strike {
  return { scope: "client", cause: "refused", reason, baseMinutes: 30, capMinutes: day, opensAfter: 3 };
}

/** X does not say whether it is the text; where one after another is refused, it is more than the text. */
export function unnamedStrikes(reason: string): readonly Strike[] {
  return [
    unnamedStrike(reason),
    // Each one that is tried ends as a dead letter. A client that failed rests itself, so it is not always the one.
    { ...refusedClients, cause: "refused", baseMinutes: 30, anyoneTries: true },
  ];
}

/** What stands before X may shut out one account, or this machine and so every client. */
export function blockedStrikes(reason: string): readonly Strike[] {
  const block = { cause: "blocked", reason, baseMinutes: 15, capMinutes: 2 * hour, opensAfter: 3 } as const;
  return [
    { scope: "client", ...block },
    { scope: "x", ...block, severalClients: true, anyoneTries: true },
  ];
}

/** Sends of several clients without a clear answer: each one more may become a second copy or a dead letter. */
export function downStrike(reason: string): Strike {
  return {
    scope: "x",
    cause: "down",
    reason: `X gives no clear answer to one client after another (${reason}): look at X's status page`,
    baseMinutes: 10,
    capMinutes: hour,
    opensAfter: 3,
    severalClients: true,
    anyoneTries: true,
  };
}

/** The account itself must be seen to by a person; asking sooner than in a day would only annoy X. */
export function accountStrikes(reason: string): readonly Strike[] {
  return [
    { scope: "client", cause: "account", reason, baseMinutes: day, capMinutes: 7 * day, opensAfter: 1 },
    refusedClients,
  ];
}

/** No later text could be sent either; each would cost its writing, and a read of whose account it is. */
export function wrongAccountStrike(reason: string): Strike {
  return { scope: "client", cause: "wrong-account", reason, baseMinutes: day, capMinutes: 7 * day, opensAfter: 1 };
}

/** Different clients refused one after another, and none served in between: then it is the app, or X. */
const refusedClients: Strike = {
  scope: "x",
  cause: "credentials",
  reason: "X refuses one client after another: look at the app in X's developer console and at X's status page",
  baseMinutes: 15,
  capMinutes: 4 * hour,
  opensAfter: 3,
  severalClients: true,
};

/** Without credits X serves nobody of that app, so the first such answer is enough. */
export function creditStrike(reason: string, scope: AppScope): Strike {
  return { scope, cause: "out-of-credit", reason, baseMinutes: hour, capMinutes: 12 * hour, opensAfter: 1 };
}

/** The app's project or plan. */
export function appStrike(reason: string, scope: AppScope): Strike {
  return { scope, cause: "app", reason, baseMinutes: 30, capMinutes: 12 * hour, opensAfter: 1 };
}

/** Something else posts this client's texts on its account: two writers would spoil it together. */
export function duplicateStrike(reason: string): Strike {
  return { scope: "client", cause: "duplicate", reason, baseMinutes: 6 * hour, capMinutes: 2 * day, opensAfter: 1 };
}

/** Whom an app stands for: every client, or the one whose own it is. */
type AppScope = Extract<Strike["scope"], "client" | "x">;

/** The account's window lasts longer than the app's: its client waits for exactly as long as X has said. */
export function fullAccountStrike(reason: string, minutes: number): Strike {
  return { scope: "client", cause: "rate-limited", reason, baseMinutes: minutes, capMinutes: minutes, opensAfter: 1 };
}

/** No answer to users/me. X may be down, or have trouble with this one account: only several clients say which. */
export function unreadStrike(reason: string): Strike {
  return { ...unreachableStrike(reason), cause: "unread", severalClients: true, anyoneTries: true };
}

/** An unclear send whose account cannot be read. It is read for again and again, so what it tells concerns its own client alone. */
export function unsettledStrike(reason: string): Strike {
  return {
    scope: "client",
    cause: "unread",
    reason: `${reason}: see whether the account can be read, and look at X's status page`,
    baseMinutes: 15,
    capMinutes: 4 * hour,
    opensAfter: 1,
  };
}

/** A connection that fails once is nothing; short waits, for nothing was sent and X is mostly back soon. */
export function unreachableStrike(reason: string): Strike {
  const said = `${reason}: look at X's status page and at this machine's network`;
  return { scope: "x", cause: "unavailable", reason: said, baseMinutes: 5, capMinutes: hour, opensAfter: 3 };
}

/** No model of a client answered. A client may have a key of its own, so only several clients say that it is the service. */
export function modelStrike(reason: string): Strike {
  return {
    scope: "model",
    cause: "no-answer",
    reason: `no model answers (${reason}): look at the key, the credit and the status page of the models' provider`,
    baseMinutes: 10,
    capMinutes: hour,
    opensAfter: 3,
    severalClients: true,
  };
}
