import { xFaults } from "../../src/sandbox/x-faults.ts";
import { hanging, modelError, otherIdentity, ownFile, type PlantedFault, sealed, xAnswers } from "./planting.ts";

/** What can be wrong with one client's file, sealed block and account. */
export const accountFaults: readonly PlantedFault[] = [
  {
    fault: "an unknown field",
    plant: ownFile({ topcis: [] }),
    scope: "acme",
    check: "files",
    says: /^clients\/acme.yaml:\d+:1 unknown field "topcis"/,
    fix: /^write "topics"/,
  },
  {
    fault: "a model without a price",
    plant: ownFile({ model: "openai/gpt-6-huge" }),
    scope: "acme",
    check: "files",
    says: /the model "openai\/gpt-6-huge" has no price/,
    fix: /_prices.yaml|write "openai/,
  },
  {
    fault: "no credentials",
    plant: ownFile({ credentials: undefined }),
    scope: "acme",
    check: "sealed",
    says: /no sealed block, so nothing can be sent/,
    fix: /^run `npm start -- connect acme`$/,
  },
  {
    fault: "a block that was sealed to another identity",
    plant: sealed({}, "acme", otherIdentity.recipient),
    scope: "acme",
    check: "sealed",
    says: /sealed to another key than CLARA_IDENTITY/,
    fix: /run `npm start -- connect acme`, or set CLARA_IDENTITY/,
  },
  {
    fault: "a block of another client",
    plant: sealed({}, "beta"),
    scope: "acme",
    check: "sealed",
    says: /belongs to another client/,
    fix: /run `npm start -- connect acme`/,
  },
  {
    fault: "tokens that X does not take",
    plant: sealed({ access_token: "a-revoked-access-token" }),
    scope: "acme",
    check: "account",
    says: /X answered 401: Unauthorized/,
    fix: /when the tokens were revoked, run `npm start -- connect acme`/,
  },
  {
    fault: "a suspended account",
    plant: xAnswers(xFaults.suspended),
    scope: "acme",
    check: "account",
    says: /suspended/,
    fix: /in the account itself/,
  },
  {
    fault: "an X app without credit",
    plant: xAnswers(xFaults.outOfCredit),
    scope: "acme",
    check: "account",
    says: /X answered 402/,
    fix: /add credit in X's developer console/,
  },
  {
    fault: "too many questions to X",
    plant: xAnswers(xFaults.tooManyWithoutHeaders),
    scope: "acme",
    check: "account",
    says: /lets no more requests/,
    fix: /wait, and try again/,
  },
  {
    fault: "an X that hangs",
    plant: (stage) => {
      stage.services.faults.x = () => ({ kind: "hang", done: false });
    },
    run: hanging,
    scope: "acme",
    check: "account",
    says: /X gave no answer within 5 s/,
    fix: /X's status page/,
    also: ["beta · account"],
  },
  {
    fault: "the tokens of another account",
    plant: (stage) => {
      const other = { id: "gamma", accessToken: "", accessSecret: "", xUserId: "424242", handle: "somebody_else" };
      stage.services.faults.x = () => stage.me(other);
    },
    scope: "acme",
    check: "account",
    says: /belong to X user 424242 \(@somebody_else\), and x_user_id is 1000001/,
    fix: /run `npm start -- connect acme`, signed in as the right account, or correct x_user_id/,
    also: ["beta · account"],
  },
  {
    fault: "an account that was renamed",
    plant: ownFile({ handle: "old_name" }),
    scope: "acme",
    check: "account",
    status: "warning",
    says: /X calls the account @handle_1, and the file @old_name/,
    fix: /correct handle/,
  },
  {
    fault: "tokens that may only read",
    plant: (stage) => {
      stage.services.faults.x = ({ account }) => {
        const client = stage.clients.find(({ xUserId }) => xUserId === account);
        return client && stage.me(client, "read");
      };
    },
    scope: "acme",
    check: "access",
    says: /the tokens may only read/,
    fix: /"Read and write" in X's developer console, and make new tokens: run `npm start -- connect acme`/,
    also: ["beta · access"],
  },
  {
    fault: "a model key of its own that is refused",
    plant: async (stage) => {
      await sealed({ openai_api_key: "sk-proj-own-key-of-acme-0123456789" })(stage);
      modelError(401, "invalid_api_key")(stage);
    },
    scope: "acme",
    check: "own model key",
    says: /the model's server answered 401/,
    fix: /write a key that the provider accepts/,
    also: ["all clients · model openai/gpt-5-mini"],
  },
];
