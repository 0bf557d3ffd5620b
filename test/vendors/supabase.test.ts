import { describe } from "vitest";
import { rpcFetch } from "../../src/sandbox/postgrest.ts";
import { openPostgresLimiter, openRpc } from "../../src/vendors/supabase.ts";
import { ledgerContract } from "../contracts/ledger.ts";
import { limiterContract } from "../contracts/limiter.ts";
import { embeddedLedgers, embeddedSession, movableClock, secretKey } from "../support/ledger.ts";

describe("the ledger on PGlite, in process", () => ledgerContract(embeddedLedgers()));

describe("the limiter on PGlite, in process", () => {
  const session = embeddedSession();
  limiterContract(async () => {
    const fetch = rpcFetch(session(), { secretKey });
    const limiter = openPostgresLimiter(openRpc({ url: "http://ledger.invalid", secretKey, fetch }));
    return { limiter, ...movableClock(), close: async () => {} };
  });
});
