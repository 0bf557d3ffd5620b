import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8 } from "../../src/clients/decode.ts";

test.for([
  { when: "a Latin-1 letter", bytes: Buffer.from("name: Café\n", "latin1"), valid: "name: Caf" },
  { when: "a byte that never occurs", bytes: Buffer.from([0x61, 0xff, 0x62]), valid: "a" },
  { when: "a character that is cut off at the end", bytes: Buffer.from([0x61, 0xe2, 0x82]), valid: "a" },
  { when: "UTF-16 with its mark", bytes: Buffer.from([0xff, 0xfe, 0x61, 0x00]), valid: "" },
  { when: "half a surrogate pair", bytes: Buffer.from([0x61, 0x62, 0xed, 0xa0, 0x80]), valid: "ab" },
])("$when is found where it stands", ({ bytes, valid }) => {
  expect(decodeUtf8(bytes)).toEqual({ ok: false, valid });
});

test("the byte order mark is no part of the text", () => {
  expect(decodeUtf8(Buffer.from([0xef, 0xbb, 0xbf, 0x61]))).toEqual({ ok: true, text: "a" });
});

test("every text survives, and a bad byte in it is found behind what came before", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (before, after) => {
      fc.pre(!before.startsWith("\ufeff"));
      expect(decodeUtf8(Buffer.from(before))).toEqual({ ok: true, text: before });
      const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
      expect(decodeUtf8(bytes)).toEqual({ ok: false, valid: before });
    }),
  );
});
