import { ledgerContract } from "../contracts/ledger.ts";
import { embeddedLedgers } from "../support/ledger.ts";

ledgerContract(embeddedLedgers());
