import { describe } from "vitest";
import { rpcFetch } from "../../src/sandbox/postgrest.ts";
import { openRpc } from "../../src/vendors/supabase.ts";
import { openLevers } from "../../src/vendors/supabase-levers.ts";
import { leversContract } from "../contracts/levers.ts";
import { embeddedSession, emptyLedger, nativeLedgers, secretKey } from "../support/ledger.ts";

describe("the levers on PGlite, in process", () => {
  const session = embeddedSession();
  leversContract(async () => {
    const endpoint = { url: "http://ledger.invalid", fetch: rpcFetch(session(), { secretKey }) };
    return {
      ...(await emptyLedger(session(), endpoint)),
      levers: openLevers(openRpc({ ...endpoint, secretKey })),
    };
  });
});

describe("the levers on a native Postgres 17, over HTTP", () => {
  const native = nativeLedgers();
  leversContract(async () => ({
    ...(await native.open()),
    levers: openLevers(openRpc({ url: native.server().url, secretKey })),
  }));
});
