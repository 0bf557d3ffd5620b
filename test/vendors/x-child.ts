import { sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { openXAccount } from "../../src/vendors/x.ts";

// Sends one post to the address in the first argument; what it opened must not keep it alive afterwards. The deadline lies
// behind the time that the test gives this process, however slowly it starts.
const [apiUrl = ""] = process.argv.slice(2);
const credentials = sandboxCredentials({ id: "acme", xUserId: "1001", handle: "acme" });
const account = openXAccount({ credentials, apiUrl, sendDeadlineMs: 120_000, clock: () => new Date() });
const result = await account.send({ text: "and then it ends", madeWithAi: false });
process.stdout.write(result.kind);
