import { UserError } from "../errors.ts";
import { applyMigrations, readMigrations } from "../vendors/migrations.ts";
import { connectionProblem, openPostgres } from "../vendors/postgres.ts";

const whereToFind =
  "Supabase shows it under Connect, as the connection string of the session pooler (the direct address has IPv6 only, " +
  "which GitHub's runners have not)";

/**
 * Applies the files of `schemas/sql` that the database does not have yet, all or none, and says which.
 * @throws UserError when the address is missing or wrong, nothing answers there, or an applied file changed.
 */
export async function runMigrate(input: {
  /** SUPABASE_DB_URL. */
  url: string | undefined;
  directory: string;
  /** Gets one line without its end. */
  write: (line: string) => void;
  connectSeconds?: number;
}): Promise<void> {
  const url = checkedUrl(input.url);
  const session = openPostgres(url, { connectSeconds: input.connectSeconds ?? 15 });
  try {
    const applied = await applyMigrations(session, await readMigrations(input.directory));
    for (const name of applied) input.write(`applied ${name}`);
    if (applied.length === 0) input.write("every file of schemas/sql is applied already");
  } catch (error) {
    const problem = connectionProblem(error);
    if (problem === undefined) throw error;
    // Without a cause: what the driver throws may hold the address, and the address holds the password.
    throw new UserError(`SUPABASE_DB_URL: ${problem}. ${whereToFind}.`);
  } finally {
    await session.close();
  }
}

function checkedUrl(url: string | undefined): string {
  if (url === undefined || url === "") {
    throw new UserError(
      `migrate needs SUPABASE_DB_URL, the address of the database with its password. ${whereToFind}.`,
    );
  }
  if (url.includes("[YOUR-PASSWORD]")) {
    throw new UserError("SUPABASE_DB_URL: put the database's password where it still says [YOUR-PASSWORD].");
  }
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol !== "postgres:" && protocol !== "postgresql:") {
    throw new UserError(
      "SUPABASE_DB_URL is no postgresql:// address. In the password, write characters such as # / ? @ percent-encoded. " +
        `${whereToFind}.`,
    );
  }
  return url;
}
