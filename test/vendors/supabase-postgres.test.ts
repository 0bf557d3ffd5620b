import { describe } from "vitest";
import { openPostgresLimiter, openRpc } from "../../src/vendors/supabase.ts";
import { ledgerContract } from "../contracts/ledger.ts";
import { limiterContract } from "../contracts/limiter.ts";
import { movableClock, nativeLedgers, secretKey } from "../support/ledger.ts";

const native = nativeLedgers();

describe("the ledger on a native Postgres 17, over HTTP", () => ledgerContract(native.open));

describe("the limiter on a native Postgres 17, over HTTP", () => {
  limiterContract(async () => {
    const limiter = openPostgresLimiter(openRpc({ url: native.server().url, secretKey }));
    return { limiter, ...movableClock(), close: async () => {} };
  });
});
