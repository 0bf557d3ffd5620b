import type { Client, Limits, LinkPolicy, Source } from "../terms.ts";
import type { ClientFile, LimitFields, SharedFields } from "./files.ts";
import { normaliseSchedule } from "./schedule.ts";

/** What holds when neither the client nor the defaults say otherwise: the safe choice each time. */
const builtIn = {
  status: "rehearsal",
  language: "en",
  limits: { posts_per_day: 10, completions_per_day: 50, usd_per_month: 20 },
  links: "deny",
} as const;

/** A client as the stages use it: the file, over the shared defaults, over the built-in ones. */
export function normaliseClient(input: { id: string; file: ClientFile; shared: SharedFields; source: Source }): Client {
  const { id, file, shared, source } = input;
  const merged = { ...builtIn, ...shared, ...file };
  return {
    id,
    name: file.name,
    handle: file.handle,
    xUserId: file.x_user_id,
    status: merged.status,
    timezone: file.timezone,
    schedule: normaliseSchedule(file.schedule, shared.schedule ?? {}),
    voice: file.voice,
    language: merged.language,
    topics: file.topics,
    posts: file.posts.map(({ prompt, weight = 1 }) => ({ prompt, weight })),
    models: modelsOf(merged),
    limits: normaliseLimits({ ...builtIn.limits, ...shared.limits, ...file.limits }),
    links: linkPolicy(merged.links),
    avoid: merged.avoid ?? [],
    fallbacks: merged.fallbacks ?? [],
    madeWithAi: merged.made_with_ai ?? false,
    ...(file.credentials && { sealed: file.credentials.sealed }),
    members: merged.members ?? [],
    source,
  };
}

export function normaliseLimits(limits: LimitFields): Limits {
  return {
    postsPerDay: limits.posts_per_day,
    completionsPerDay: limits.completions_per_day,
    usdPerMonth: limits.usd_per_month,
  };
}

/** The model and then its fallbacks, each once. Fallbacks alone are no chain: the first choice must be named. */
function modelsOf({ model, fallback_models = [] }: SharedFields): readonly string[] {
  return model === undefined ? [] : [...new Set([model, ...fallback_models])];
}

function linkPolicy(links: NonNullable<SharedFields["links"]>): LinkPolicy {
  return typeof links === "string" ? { policy: links } : { policy: "budget", maxPerWeek: links.max_per_week };
}
