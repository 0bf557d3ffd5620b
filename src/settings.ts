/** What the environment says about each service: real, or its sandbox. */
export interface Settings {
  ledger: { kind: "sandbox" } | { kind: "real"; url: string; secretKey: string };
  limiter: { kind: "sandbox" } | { kind: "real"; url: string; token: string };
  model: { kind: "sandbox" } | { kind: "real"; apiKey: string; baseUrl?: string };
  /** `reachesX` is false when X_API_URL points at this machine: then no real account can be posted to. */
  x: { kind: "sandbox" } | { kind: "real"; appKey: string; appSecret: string; apiUrl?: string; reachesX: boolean };
  /** age secret key that opens sealed credentials. */
  identity?: string;
  /** Postgres address for `migrate`. */
  databaseUrl?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. Each service without credentials falls back to its sandbox; half a pair, or a mix that could
 * post sandbox text for real or forget what was posted, is a problem that names the variables.
 */
export function readSettings(environment: Environment): { settings: Settings; problems: readonly string[] } {
  const problems: string[] = [];
  const get = (name: string) => environment[name]?.trim() || undefined;
  const pair = (first: string, second: string) => readPair({ get, problems, first, second });

  const secretName = get("SUPABASE_SECRET_KEY") ? "SUPABASE_SECRET_KEY" : "SUPABASE_SERVICE_ROLE_KEY";
  const supabase = pair("SUPABASE_URL", get(secretName) ? secretName : "SUPABASE_SECRET_KEY");
  const upstash = pair("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN");
  const app = pair("X_APP_KEY", "X_APP_SECRET");
  for (const name of ["SUPABASE_URL", "UPSTASH_REDIS_REST_URL", "OPENAI_BASE_URL", "X_API_URL"]) {
    const value = get(name);
    if (value !== undefined && !isWebAddress(value)) problems.push(`${name} is not an http(s) address`);
  }
  needs({
    get,
    problems,
    name: "OPENAI_BASE_URL",
    other: "OPENAI_API_KEY",
    why: "any text, when the server asks for no key",
  });
  needs({ get, problems, name: "X_API_URL", other: "X_APP_KEY", why: "and X_APP_SECRET" });

  const settings: Settings = {
    ledger: supabase ? { kind: "real", url: supabase[0], secretKey: supabase[1] } : { kind: "sandbox" },
    limiter: upstash ? { kind: "real", url: upstash[0], token: upstash[1] } : { kind: "sandbox" },
    model: modelSettings(get("OPENAI_API_KEY"), get("OPENAI_BASE_URL")),
    x: xSettings(app, get("X_API_URL")),
    ...optional("identity", get("CLARA_IDENTITY")),
    ...optional("databaseUrl", get("SUPABASE_DB_URL")),
  };
  return { settings, problems: [...problems, ...unsafeMixes(settings)] };
}

function modelSettings(apiKey: string | undefined, baseUrl: string | undefined): Settings["model"] {
  return apiKey === undefined ? { kind: "sandbox" } : { kind: "real", apiKey, ...optional("baseUrl", baseUrl) };
}

function xSettings(app: readonly [string, string] | undefined, apiUrl: string | undefined): Settings["x"] {
  if (app === undefined) return { kind: "sandbox" };
  const reachesX = apiUrl === undefined || !isLoopback(apiUrl);
  return { kind: "real", appKey: app[0], appSecret: app[1], reachesX, ...optional("apiUrl", apiUrl) };
}

function unsafeMixes({ ledger, model, x, identity }: Settings): readonly string[] {
  if (x.kind === "sandbox") return [];
  const problems: string[] = [];
  if (identity === undefined)
    problems.push("X_APP_KEY is set, but CLARA_IDENTITY is not: sealed credentials cannot be opened");
  if (!x.reachesX) return problems;
  if (ledger.kind === "sandbox") {
    problems.push(
      "X_APP_KEY is set, but SUPABASE_URL and SUPABASE_SECRET_KEY are not: without a lasting ledger a slot could post twice",
    );
  }
  if (model.kind === "sandbox") {
    problems.push("X_APP_KEY is set, but OPENAI_API_KEY is not: sandbox text would be posted to real accounts");
  }
  return problems;
}

interface Lookup {
  get(name: string): string | undefined;
  problems: string[];
}

function readPair({ get, problems, first, second }: Lookup & { first: string; second: string }) {
  const values = [get(first), get(second)] as const;
  if (values[0] !== undefined && values[1] !== undefined) return [values[0], values[1]] as const;
  if (values[0] !== undefined) problems.push(`${first} is set, but ${second} is not: set both or neither`);
  if (values[1] !== undefined) problems.push(`${second} is set, but ${first} is not: set both or neither`);
  return undefined;
}

function needs({ get, problems, name, other, why }: Lookup & { name: string; other: string; why: string }): void {
  if (get(name) !== undefined && get(other) === undefined) {
    problems.push(`${name} is set, but ${other} is not: set it too (${why})`);
  }
}

function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: T };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname } = new URL(address);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
