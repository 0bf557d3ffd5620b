import { describe } from "vitest";
import { capContract } from "../contracts/ledger-caps.ts";
import { onceContract } from "../contracts/ledger-once.ts";
import { embeddedLedgers, nativeLedgers } from "../support/ledger.ts";

describe("on PGlite", () => {
  const open = embeddedLedgers();
  onceContract(open, 200);
  capContract(open, 150);
});

describe("on a native Postgres 17", () => {
  const { open } = nativeLedgers();
  onceContract(open, 30);
  capContract(open, 20);
});
