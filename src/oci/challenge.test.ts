import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseChallenges } from "./challenge.ts";

test.each([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull"',
    [
      [
        "bearer",
        {
          realm: "https://auth.docker.io/token",
          service: "registry.docker.io",
          scope: "repository:library/alpine:pull",
        },
      ],
    ],
  ],
  ['Basic realm="Registry Realm"', [["basic", { realm: "Registry Realm" }]]],
  ["Basic", [["basic", {}]]],
  [
    'Negotiate, Basic realm="a, b", Bearer realm="https://x/?a=b",service=plain , error = "insufficient_scope"',
    [
      ["negotiate", {}],
      ["basic", { realm: "a, b" }],
      ["bearer", { realm: "https://x/?a=b", service: "plain", error: "insufficient_scope" }],
    ],
  ],
  ["bearer realm=https://x/token?a=b,service=y", [["bearer", { realm: "https://x/token?a=b", service: "y" }]]],
  [String.raw`Basic realm="say \"hi\" \\"`, [["basic", { realm: String.raw`say "hi" \\`.replace("\\\\", "\\") }]]],
  ['Bearer realm="first",realm="second"', [["bearer", { realm: "first" }]]],
  ['Bearer realm="cut', [["bearer", { realm: "cut" }]]],
  ['realm="without a scheme"', []],
  ["", []],
])("%s", (header, wanted) => {
  expect(parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }])).toEqual(wanted);
});

test("any text is read to its end, without an error", () => {
  const pieces = fc.array(
    fc.oneof(fc.constantFrom('"', "\\", ",", "=", " ", "Bearer", "Basic", "realm", "__proto__"), fc.string()),
  );
  fc.assert(
    fc.property(pieces, (texts) => {
      for (const { scheme, parameters } of parseChallenges(texts.join(""))) {
        expect(scheme).toMatch(/^[^\s,="]+$/u);
        for (const value of Object.values(parameters)) expect(typeof value).toBe("string");
      }
    }),
  );
});

test("challenges that are written rightly are read back", () => {
  const token = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
  const parameters = fc.dictionary(token, fc.string({ unit: "grapheme-ascii" }), { maxKeys: 4, noNullPrototype: true });
  const challenges = fc.array(fc.record({ scheme: token, parameters }), { maxLength: 3 });
  const quote = (value: string) => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  fc.assert(
    fc.property(challenges, (wanted) => {
      const header = wanted
        .map(
          ({ scheme, parameters: own }) =>
            `${scheme} ${Object.entries(own)
              .map(([key, value]) => `${key}=${quote(value)}`)
              .join(", ")}`,
        )
        .join(", ");
      const read = parseChallenges(header).map(({ scheme, parameters: own }) => ({ scheme, parameters: { ...own } }));
      expect(read).toEqual(wanted);
    }),
  );
});
