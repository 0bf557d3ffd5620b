import type { Model, XAccount } from "../ports.ts";
import type { OpenedCredentials } from "../post/seal.ts";
import type { Client, RunInfo } from "../terms.ts";
import type { TickWorkflow } from "./github.ts";
import type { LedgerToCheck } from "./ledger.ts";

/** Ways to ask the services, none of which posts or writes. What the sandbox stands in for is missing. */
export interface Probes {
  mode: RunInfo["mode"];
  ledger: LedgerToCheck | undefined;
  /** The files of schemas/sql in this checkout. */
  migrations: readonly { name: string; sha256: string }[];
  limiter: (() => Promise<void>) | undefined;
  model: Model | undefined;
  /** The model behind a client's own key; missing where the sandbox writes. */
  openModel(apiKey: string): Promise<Model | undefined>;
  /** Opens a client's sealed block; missing without CLARA_IDENTITY. */
  open: ((client: Client) => Promise<OpenedCredentials>) | undefined;
  account: ((opened: OpenedCredentials) => Promise<Pick<XAccount, "whoAmI">>) | undefined;
  workflow: (() => Promise<TickWorkflow>) | undefined;
}
