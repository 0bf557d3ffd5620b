/** What goes wrong in a simulated month, and how often. Presets and fault files have this form. */
export interface Faults {
  ticks: {
    /** Minutes of every hour at which a tick is due. */
    minutes: readonly number[];
    /** Chance that a tick never starts. */
    dropped: number;
    late: { chance: number; minutes: Range };
    /** Chance that three runs start at once. */
    tripled: number;
    /** Times without any run. */
    silent: Spells;
  };
  /** Chance that a run dies at one of its service calls. */
  crashes: number;
  ledger: {
    gone: Spells;
    /** Chance for each call that it takes effect and its answer does not arrive. */
    lost: number;
  };
  limiter: {
    /** Upstash hangs until its deadline. */
    gone: Spells;
  };
  /** Chances for each request, storms apart. */
  x: {
    /** X answers 429 to everything. */
    storms: Spells;
    /** The request is carried out, and no byte of the answer arrives. */
    lost: number;
    /** 5xx before the request is carried out, and after. */
    before: number;
    after: number;
    /** The answer ends inside its body. */
    cut: number;
    /** The connection breaks before X has the request. */
    reset: number;
    /** No answer until the deadline, and then none. */
    hang: number;
    /** The post shows on the timeline up to 100 seconds later. */
    lag: number;
    /** A 403 that repeats the token, and markup and runner commands with it. */
    echo: number;
    /** A 403 to a send: "not permitted". */
    forbidden: number;
    /** 401 to everything of one client. */
    unauthorized: Spells;
    /** 402 to everything: the credits are used up. */
    credit: Spells;
    /** Connections to X are refused. */
    refused: Spells;
    /** A 403 in HTML to everything, from an edge in front of X. */
    blocked: Spells;
  };
  /** Chances for each request. */
  model: {
    slow: number;
    refuse: number;
    fail: number;
    busy: number;
    cut: number;
    /** Texts that no check may let through. */
    hostile: number;
    /** An error that repeats the API key. */
    echo: number;
    /** Chance for each run that one model has no price. */
    unpriced: number;
  };
  /** Limits so low that they bind, for clients made by `--clients`. Limits as in the files never do. */
  budgets: {
    /** The part of the clients of which one limit is so low, in turn that of posts, completions and dollars. */
    clients: number;
    /** The part of a day's scheduled posts and completions for which the limits over all clients have no room. */
    together: number;
  };
  accounts: {
    /** Chance for each client and day that its credential is another client's. */
    mixed: number;
  };
}

export type Range = readonly [least: number, most: number];

/** Times of trouble: so many begin each day on average, and each lasts so many minutes. */
export interface Spells {
  daily: number;
  minutes: Range;
}

const never: Spells = { daily: 0, minutes: [60, 60] };

/** Every tick on time, and every service up. The minutes are those of .github/workflows/run.yml. */
export const calm: Faults = {
  ticks: {
    minutes: [7, 23, 37, 53],
    dropped: 0,
    late: { chance: 0, minutes: [0, 0] },
    tripled: 0,
    silent: never,
  },
  crashes: 0,
  ledger: { gone: never, lost: 0 },
  limiter: { gone: never },
  x: {
    storms: never,
    lost: 0,
    before: 0,
    after: 0,
    cut: 0,
    reset: 0,
    hang: 0,
    lag: 0,
    echo: 0,
    forbidden: 0,
    unauthorized: never,
    credit: never,
    refused: never,
    blocked: never,
  },
  model: { slow: 0, refuse: 0, fail: 0, busy: 0, cut: 0, hostile: 0, echo: 0, unpriced: 0 },
  budgets: { clients: 0, together: 0 },
  accounts: { mixed: 0 },
};

/**
 * GitHub's scheduler as users measured it in 2026: 10 of 14 ticks never created (community#209378), what is delivered
 * 35 to 216 min late (denolfe/hacker-news-highlights#13), gaps of 3 to 9.5 h (community#211723).
 */
const github2026: Faults = {
  ...calm,
  ticks: {
    ...calm.ticks,
    dropped: 10 / 14,
    late: { chance: 1, minutes: [35, 216] },
    silent: { daily: 1, minutes: [180, 570] },
  },
  budgets: { clients: 0.4, together: 0.6 },
};

/** Everything at once, and often. */
const storm: Faults = {
  ticks: {
    minutes: [7, 23, 37, 53],
    dropped: 0.25,
    late: { chance: 0.3, minutes: [5, 60] },
    tripled: 0.12,
    silent: { daily: 0.3, minutes: [120, 420] },
  },
  crashes: 0.3,
  ledger: { gone: { daily: 0.4, minutes: [60, 60] }, lost: 0.01 },
  limiter: { gone: { daily: 2, minutes: [30, 120] } },
  x: {
    storms: { daily: 0.7, minutes: [15, 60] },
    lost: 0.04,
    before: 0.03,
    after: 0.03,
    cut: 0.03,
    reset: 0.03,
    hang: 0.02,
    lag: 0.1,
    echo: 0.01,
    forbidden: 0.01,
    unauthorized: { daily: 1, minutes: [60, 480] },
    credit: { daily: 0.15, minutes: [60, 180] },
    refused: { daily: 0.3, minutes: [10, 60] },
    blocked: { daily: 0.2, minutes: [15, 60] },
  },
  model: { slow: 0.05, refuse: 0.05, fail: 0.05, busy: 0.03, cut: 0.03, hostile: 0.05, echo: 0.01, unpriced: 0.02 },
  budgets: { clients: 0.4, together: 0.2 },
  accounts: { mixed: 0.01 },
};

export const presets: Readonly<Record<string, Faults>> = { calm, "github-2026": github2026, storm };
