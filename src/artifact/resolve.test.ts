import { describe, expect, test } from "vitest";
import type { Digest } from "../base/digest.ts";
import { resolveReference } from "./resolve.ts";

const at = (start: string): Digest => `sha256:${start.padEnd(64, "0")}`;
const champion = { name: "digits", digest: at("9f3c"), aliases: ["champion", "v3"] };
const challenger = { name: "digits", digest: at("9f3d"), aliases: ["challenger"] };
const loose = { name: "intent", digest: at("1234"), aliases: [] };
const copy = { name: "copy", digest: at("9f3c"), aliases: ["champion"] };
const known = [champion, challenger, loose];

const resolve = (reference: string, among = known) => resolveReference(reference, among, "a store");

describe("resolveReference", () => {
  test.each([
    ["digits", champion],
    ["digits:v3", champion],
    ["digits:challenger", challenger],
    [`digits@${champion.digest}`, champion],
    [challenger.digest, challenger],
    ["digits@9f3d", challenger],
    ["sha256:1234", loose],
    ["1234", loose],
  ])("%s", (reference, found) => {
    expect(resolve(reference)).toBe(found);
  });

  test("a name goes before a digest that begins like it", () => {
    const named = { name: "1234", digest: at("5"), aliases: ["champion"] };
    expect(resolve("1234", [...known, named])).toBe(named);
  });

  test.each([
    ["digit", "no model digit in a store; nearest: digits", "Did you mean digits? `slipway models list` shows all."],
    [
      "digits:champoin",
      "no model digits:champoin in a store; nearest: digits:champion",
      "Did you mean digits:champion?",
    ],
    [
      "digits:production",
      "no model digits:production in a store",
      "The store has digits:champion, digits:v3, digits:challenger;",
    ],
    ["intent", "no model intent in a store", "The store has intent@sha256:123400000000…;"],
    ["digits@1234", "no model digits@1234 in a store", "The store has digits:champion"],
    ["weather", "no model weather in a store", "The store has digits, intent;"],
    ["sha256:dead", "no model sha256:dead in a store", "The store has digits, intent;"],
  ])("%s is not there", (reference, message, mend) => {
    expect(() => resolve(reference)).toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_ARTIFACT_NOT_FOUND",
        message,
        mend: expect.stringContaining(mend),
        status: 404,
      }),
    );
  });

  test("an empty store says how to fill it", () => {
    expect(() => resolve("digits", [])).toThrowError(
      expect.objectContaining({ mend: "The store is empty: `slipway up` or `slipway train` makes a model." }),
    );
  });

  test("a prefix of two digests is refused with both", () => {
    expect(() => resolve("9f3c", [...known, copy])).toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_ARTIFACT_REFERENCE_AMBIGUOUS",
        message: `9f3c stands for 2 models: digits@${champion.digest}, copy@${champion.digest}`,
      }),
    );
    expect(resolve("copy@9f3c", [...known, copy])).toBe(copy);
  });
});
