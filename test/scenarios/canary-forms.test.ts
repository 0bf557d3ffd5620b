import { expect, test } from "vitest";
import { encodings } from "../support/encodings.ts";
import { showsSecret } from "../support/secret-forms.ts";

test.for(
  Object.entries({
    ...encodings,
    backwards: (secret: string) => [...secret].reverse().join(""),
    "its first half": (secret: string) => secret.slice(0, secret.length / 2),
    "its second half": (secret: string) => secret.slice(secret.length / 2),
  }),
)("the canary sees a secret that is written %s", ([, write]) => {
  for (const secret of ['s3cret/with+signs"and\\more~of*them', "sk-proj-abcdefghijklmnop0123456789"]) {
    expect(showsSecret(`before ${write(secret)} behind`, secret), write(secret)).toBe(true);
    expect(showsSecret(`before ${write("nothing of that kind, but as long as it")} behind`, secret)).toBe(false);
  }
});
