import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf, shortDigest } from "../base/digest.ts";
import { SlipwayError } from "../base/errors.ts";
import { isAlias, isName, parseReference, printReference, type Reference } from "./reference.ts";

const digest = digestOf("x");
const hex = digest.slice("sha256:".length);

describe("parseReference", () => {
  test.each<[string, Reference]>([
    ["digits", { kind: "alias", name: "digits", alias: "champion" }],
    [" digits ", { kind: "alias", name: "digits", alias: "champion" }],
    ["digits:v3", { kind: "alias", name: "digits", alias: "v3" }],
    ["team/digits-v2:Challenger_1.0", { kind: "alias", name: "team/digits-v2", alias: "Challenger_1.0" }],
    [`digits@${digest}`, { kind: "digest", name: "digits", digest }],
    [`digits@${hex}`, { kind: "digest", name: "digits", digest }],
    [digest, { kind: "digest", digest }],
    ["sha256:2D71", { kind: "prefix", prefix: "2d71" }],
    ["digits@2d711642", { kind: "prefix", name: "digits", prefix: "2d711642" }],
    [`digits@${shortDigest(digest)}`, { kind: "prefix", name: "digits", prefix: hex.slice(0, 12) }],
    ["digits@sha256:2d71...", { kind: "prefix", name: "digits", prefix: "2d71" }],
    ["9f3c", { kind: "alias", name: "9f3c", alias: "champion" }],
  ])("%s", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  test.each([
    ["", '"" is no model reference: the name is missing'],
    ["Digits", '"Digits" is no model reference: names are lower-case: digits'],
    [
      "my model",
      '"my model" is no model reference: the name "my model" is not of lower-case letters and digits joined by',
    ],
    ["../digits", "is not of lower-case letters and digits"],
    ["digits:", 'the alias "" is not of letters'],
    ["digits:a b", 'the alias "a b" is not of letters'],
    ["digits:a:b", 'the alias "a:b" is not of letters'],
    ["digits@", 'the digest "" is not sha256: and 4 to 64 hex digits'],
    ["digits@9f3", 'the digest "9f3" is not sha256: and 4 to 64 hex digits'],
    ["digits@sha512:aaaa", 'the digest "sha512:aaaa" is not'],
    [`digits@${digest}0`, "is not sha256: and 4 to 64 hex digits"],
    ["@9f3c", "the name is missing"],
  ])("refuses %j", (text, message) => {
    expect(() => parseReference(text)).toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_ARTIFACT_REFERENCE_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });

  test("reads back what printReference writes", () => {
    const name = fc.stringMatching(/^[a-z0-9]+([._/-][a-z0-9]+){0,3}$/).filter(isName);
    const alias = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/).filter(isAlias);
    const named = fc.option(name, { nil: undefined }).map((value) => (value === undefined ? {} : { name: value }));
    const reference = fc.oneof(
      fc.record({ kind: fc.constant("alias" as const), name, alias }),
      fc
        .tuple(named, fc.stringMatching(/^[0-9a-f]{64}$/))
        .map(([of, end]) => ({ kind: "digest" as const, ...of, digest: `sha256:${end}` as const })),
      fc
        .tuple(named, fc.stringMatching(/^[0-9a-f]{4,63}$/))
        .map(([of, prefix]) => ({ kind: "prefix" as const, ...of, prefix })),
    );
    fc.assert(
      fc.property(reference, (one) => {
        expect(parseReference(printReference(one))).toEqual(one);
      }),
    );
  });

  test("never throws anything but its own error", () => {
    const codeOf = (text: string) => {
      try {
        return parseReference(text).kind;
      } catch (error) {
        return error instanceof SlipwayError ? error.code : error;
      }
    };
    const answers = ["alias", "digest", "prefix", "SLIPWAY_ARTIFACT_REFERENCE_INVALID"];
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("a", "9", "Z", ":", "@", "/", ".", "_", "-", "…", " ", "\n", "sha256:", "é"),
          maxLength: 80,
        }),
        (text) => {
          expect(answers).toContain(codeOf(text));
        },
      ),
    );
  });

  test("long names are refused in linear time", () => {
    expect(isName("a-".repeat(50_000))).toBe(false);
    expect(isName(`${"a".repeat(120)}-`)).toBe(false);
  });
});
