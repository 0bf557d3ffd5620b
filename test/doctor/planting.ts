import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { sealCredentials } from "../../src/post/seal.ts";
import type { xFaults } from "../../src/sandbox/x-faults.ts";
import { encryptTo, newIdentity } from "../../src/vendors/age.ts";
import type { DoctorStage, ExamineInput } from "./stage.ts";

/** One thing that is wrong, and what the doctor says of it. */
export interface PlantedFault {
  fault: string;
  plant: (stage: DoctorStage) => unknown;
  /** How the doctor is run, from what was planted. */
  run?: ExamineInput;
  scope: string;
  check: string;
  status?: "warning" | "failed";
  says: RegExp;
  fix: RegExp;
  /** What must fail with it. */
  also?: readonly string[];
}

/** For a service that never answers: the others have their answers by then, on a busy machine too. */
export const hanging: ExamineInput = { deadlineSeconds: 5 };
/** The scope of what all clients share. */
export const all = "all clients";
/** Changes fields in the file of acme. */
export const ownFile = (change: object) => (stage: DoctorStage) =>
  stage.edit("clients/acme.yaml", (file) => ({ ...file, ...change }));
/** X answers this to acme alone. */
export const xAnswers = (fault: (typeof xFaults)[keyof typeof xFaults]) => (stage: DoctorStage) => {
  const well = stage.services.faults.x;
  const isAcme = (account?: string) => account === stage.clients[0]?.xUserId;
  if (typeof fault !== "function") stage.services.faults.x = (asked) => (isAcme(asked.account) ? fault : well?.(asked));
};
/** Changes something in the ledger. */
export const sql = (statement: string) => (stage: DoctorStage) => stage.services.sql(statement);
/** The ledger's clock is so many seconds ahead. */
export const clockOf = (seconds: number) =>
  sql(`create or replace function public.ledger_info() returns jsonb language sql security definer set search_path = '' as $$
    select jsonb_build_object('clock', clock_timestamp() + interval '${seconds} s', 'migrations',
      (select jsonb_agg(jsonb_build_object('name', name, 'sha256', sha256)) from clara.migration)) $$`);
/** The model's server refuses, and repeats the key. */
export const modelError = (status: number, code: string) => (stage: DoctorStage) => {
  stage.services.faults.model = () => ({ kind: "error", status, code, message: "the key test-openai-key is bad" });
};
/** What the clients of the stage may use. */
export const limits = { posts_per_day: 24, completions_per_day: 96, usd_per_month: 50 };

/** Seals whatever is given into the file of acme. */
export const sealed =
  (payload: object, id = "acme", recipient?: string) =>
  async (stage: DoctorStage) => {
    const text = await readFile(join(stage.workspace.root, "clients/_defaults.yaml"), "utf8");
    const to = recipient ?? parse(text).recipient;
    const block = await sealCredentials({ client: id, ...tokens, ...payload }, id, (plain) => encryptTo(to, plain));
    await ownFile({ credentials: { sealed: block } })(stage);
  };
const tokens = { access_token: "access-token-of-acme", access_secret: "access-secret-of-acme" };
/** A key pair that CLARA_IDENTITY is not of. */
export const otherIdentity = await newIdentity();
