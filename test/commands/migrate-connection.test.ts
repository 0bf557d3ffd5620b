import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runMigrate } from "../../src/commands/migrate.ts";
import { UserError } from "../../src/errors.ts";

const directory = join(import.meta.dirname, "../../schemas/sql");

/** What a person is told; the cause would hold the address, and with it the password. */
async function refusal(url: string | undefined, connectSeconds = 30): Promise<string> {
  const error = await runMigrate({ url, directory, write: () => {}, connectSeconds }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw new Error("no UserError", { cause: error });
  expect(error.exitCode).toBe(1);
  expect(error.cause).toBeUndefined();
  return error.message;
}

describe("without a database", () => {
  test.for([
    { what: "missing", url: undefined, says: "migrate needs SUPABASE_DB_URL" },
    { what: "empty", url: "", says: "migrate needs SUPABASE_DB_URL" },
    {
      what: "Supabase's example",
      url: "postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co:5432/postgres",
      says: "[YOUR-PASSWORD]",
    },
    { what: "the project's https address", url: "https://hunter2.supabase.co", says: "no postgresql:// address" },
    {
      what: "an address with an unescaped password",
      url: "postgresql://postgres:hunter2#/@db:5432/postgres",
      says: "percent-encoded",
    },
    { what: "no address", url: "hunter2", says: "no postgresql:// address" },
  ])("$what: the message says what to do", async ({ url, says }) => {
    const message = await refusal(url);
    expect(message).toContain("SUPABASE_DB_URL");
    expect(message).toContain(says);
    expect(message).not.toContain("hunter2");
  });

  test("a missing variable says where Supabase shows it", async () => {
    expect(await refusal(undefined)).toContain("Supabase shows it under Connect");
  });

  /** A port where something accepts connections, for what it then does. */
  async function listen(onConnection: (socket: Socket) => void) {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      onConnection(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `postgresql://postgres:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}/postgres`;
    const close = async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    };
    return { url, close };
  }

  test.for<{ what: string; act: (socket: Socket) => void; says: string; connectSeconds?: number }>([
    { what: "accepts and never answers", act: () => {}, says: "does not answer", connectSeconds: 0.5 },
    { what: "hangs up", act: (socket) => socket.end(), says: "does not answer" },
    { what: "resets the connection", act: (socket) => socket.resetAndDestroy(), says: "closed the connection" },
  ])("a server that $what is named, without the password", async ({ act, says, connectSeconds }) => {
    const { url, close } = await listen(act);
    const message = await refusal(url, connectSeconds);
    await close();
    expect(message).toContain(says);
    expect(message).not.toContain("hunter2");
  });

  test("a port where nothing listens is named, without the password", async () => {
    const { url, close } = await listen(() => {});
    await close();
    const message = await refusal(url);
    expect(message).toContain("nothing answers at that address");
    expect(message).not.toContain("hunter2");
  });

  test("a host that does not exist is named, without the password", async () => {
    const message = await refusal("postgresql://postgres:hunter2@no-such-host.invalid:5432/postgres");
    expect(message).toMatch(/no such host|could not be looked up|does not answer/);
    expect(message).not.toContain("hunter2");
  });
});
