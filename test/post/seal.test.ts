import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { fingerprint, openCredentials, sealCredentials } from "../../src/post/seal.ts";
import { decryptWith, encryptTo, newIdentity } from "../../src/vendors/age.ts";

const key = await newIdentity();
const encrypt = (text: string) => encryptTo(key.recipient, text);
const decrypt = (armoured: string) => decryptWith(key.identity, armoured);
/** For rules about the content alone. */
const asIs = async (text: string) => text;

const tokens = { access_token: "12-abc", access_secret: "shh" };
const all = { ...tokens, app_key: "app", app_secret: "app-shh", openai_api_key: "sk-1" };

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error("expected a failure")),
    (error: Error) => error,
  );
}

describe("a sealed block opens as what was sealed", () => {
  test("with every field", async () => {
    expect(await openCredentials(await sealCredentials(all, "acme", encrypt), "acme", decrypt)).toEqual({
      x: { accessToken: "12-abc", accessSecret: "shh", appKey: "app", appSecret: "app-shh" },
      openaiApiKey: "sk-1",
    });
  });

  test("with the account's tokens only", async () => {
    expect(await openCredentials(await sealCredentials(tokens, "acme", encrypt), "acme", decrypt)).toEqual({
      x: { accessToken: "12-abc", accessSecret: "shh" },
    });
  });

  test("and says inside whose it is, told or not", async () => {
    const inside = { client: "acme", ...tokens };
    expect(JSON.parse(await sealCredentials(tokens, "acme", asIs))).toEqual(inside);
    expect(JSON.parse(await sealCredentials(inside, "acme", asIs))).toEqual(inside);
  });
});

test("a block that was copied into another client's file is refused", async () => {
  const block = await sealCredentials(tokens, "globex", encrypt);
  const error = await failureOf(openCredentials(block, "acme", decrypt));
  expect(error).toMatchObject({
    kind: "config",
    message: "the sealed block in clients/acme.yaml belongs to another client (run: seal acme)",
  });
});

test("credentials that name another client are not sealed", async () => {
  const error = await failureOf(sealCredentials({ client: "globex", ...tokens }, "acme", asIs));
  expect(error.message).toBe("the credentials of acme belong to another client: check `client`");
});

test.for([
  { what: "a missing secret", payload: { access_token: "a" }, says: ": access_secret is missing" },
  {
    what: "an unknown field",
    payload: { ...tokens, password: "p" },
    says: ": there is a field that is not known: password",
  },
  {
    what: "a secret where the name belongs",
    payload: { ...tokens, "AAAA1234-secret": "access_token" },
    says: ": there is a field that is not known: (its name is not shown, it may be a secret)",
  },
  {
    what: "half an app",
    payload: { ...tokens, app_key: "a" },
    says: " must have both app_key and app_secret, or neither",
  },
  {
    what: "the other half",
    payload: { ...tokens, app_secret: "a" },
    says: " must have both app_key and app_secret, or neither",
  },
  {
    what: "an empty value",
    payload: { ...tokens, access_token: "" },
    says: ": access_token is wrong: one line of text without spaces is expected",
  },
  {
    what: "a pasted line break",
    payload: { ...tokens, access_secret: "a\n" },
    says: ": access_secret is wrong: one line of text without spaces is expected",
  },
  {
    what: "a number",
    payload: { ...tokens, openai_api_key: 7 },
    says: ": openai_api_key is wrong: one line of text without spaces is expected",
  },
  {
    what: "null",
    payload: { ...tokens, app_key: null },
    says: ": app_key is wrong: one line of text without spaces is expected",
  },
  {
    what: "an inherited name",
    payload: JSON.parse('{"__proto__": "a"}'),
    says: ": there is a field that is not known: __proto__",
  },
  { what: "a list", payload: [tokens], says: " must be a JSON object" },
  { what: "a text", payload: "text", says: " must be a JSON object" },
  { what: "nothing", payload: null, says: " must be a JSON object" },
])("$what is refused when sealing and when opening", async ({ payload, says }) => {
  const sealing = await failureOf(sealCredentials(payload, "acme", asIs));
  expect(sealing).toBeInstanceOf(PostingError);
  expect(sealing.message).toBe(`the credentials of acme${says}`);
  const isPlain = typeof payload === "object" && payload !== null && !Array.isArray(payload);
  const inside = isPlain ? Object.assign(JSON.parse(JSON.stringify(payload)), { client: "acme" }) : payload;
  const opening = await failureOf(openCredentials(JSON.stringify(inside), "acme", asIs));
  expect(opening).toBeInstanceOf(PostingError);
  expect(opening.message).toBe(`the sealed block in clients/acme.yaml${says}`);
});

test("a block that is not JSON inside is refused", async () => {
  const error = await failureOf(openCredentials("shh, not JSON", "acme", asIs));
  expect(error.message).toBe("the sealed block in clients/acme.yaml is not JSON (seal the credentials again)");
});

test("a block that can't be decrypted names the client's file and the reason", async () => {
  const other = await newIdentity();
  const block = await sealCredentials(tokens, "acme", encrypt);
  const error = await failureOf(openCredentials(block, "acme", (armoured) => decryptWith(other.identity, armoured)));
  expect(error).toMatchObject({ kind: "config" });
  expect(error.message).toBe(
    "the sealed block in clients/acme.yaml can't be opened: the credentials were sealed to another key than CLARA_IDENTITY (seal them again)",
  );
});

test("a bug in decrypting stays a bug", async () => {
  const bug = new TypeError("bug");
  expect(await failureOf(openCredentials("", "acme", () => Promise.reject(bug)))).toBe(bug);
});

test("no failure tells a secret, whatever is wrong", async () => {
  const canary = fc.stringMatching(/^[A-Za-z0-9]{12,40}$/).filter((text) => /\d/.test(text));
  const spoil = fc.constantFrom<(payload: Record<string, string>, secret: string) => unknown>(
    (payload, secret) => ({ ...payload, [secret]: "x" }),
    (payload, secret) => ({ ...payload, access_token: `${secret} ` }),
    (payload, secret) => ({ ...payload, client: secret }),
    (payload, secret) => ({ ...payload, app_key: secret, app_secret: undefined }),
    (payload, secret) => ({ ...payload, access_secret: [secret] }),
    (_payload, secret) => ({ access_token: secret }),
    (_payload, secret) => secret,
    (_payload, secret) => [secret],
  );
  await fc.assert(
    fc.asyncProperty(canary, spoil, async (secret, spoiled) => {
      const payload = { access_token: secret, access_secret: secret, app_key: secret, app_secret: secret };
      const wrong = spoiled(payload, secret);
      const failures = [
        await failureOf(sealCredentials(wrong, "acme", asIs)),
        await failureOf(openCredentials(JSON.stringify(wrong), "acme", asIs)),
        await failureOf(openCredentials(`{"access_token": ${secret}`, "acme", asIs)),
      ];
      for (const failure of failures) {
        expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain(
          secret,
        );
      }
    }),
  );
});

describe("a fingerprint", () => {
  const credentials = { appKey: "ab", appSecret: "c", accessToken: "d", accessSecret: "e" };

  test("is a SHA-256 in hex and the same for the same four secrets", () => {
    expect(fingerprint(credentials)).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint({ ...credentials })).toBe(fingerprint(credentials));
  });

  test("differs when any of the four differs, and wherever the line between two of them is drawn", () => {
    const four = fc.tuple(fc.string(), fc.string(), fc.string(), fc.string());
    const of = ([appKey, appSecret, accessToken, accessSecret]: [string, string, string, string]) =>
      fingerprint({ appKey, appSecret, accessToken, accessSecret });
    fc.assert(
      fc.property(four, four, (one, other) => {
        const isSame = one.every((part, index) => part === other[index]);
        expect(of(one) === of(other)).toBe(isSame);
        const [appKey, appSecret, ...tokens] = one;
        if (appSecret !== "") expect(of([appKey + appSecret, "", ...tokens])).not.toBe(of(one));
      }),
    );
    expect(of(["a", "bc", "d", "e"])).not.toBe(of(["ab", "c", "d", "e"]));
    expect(of(["1", "1:1", "", ""])).not.toBe(of(["1", "1", "1:", ""]));
  });
});
