import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { findSlipwayError } from "../base/errors.ts";
import { referenceInvalid } from "./errors.ts";
import {
  isLoopback,
  isRepository,
  isTag,
  parseImageReference,
  parsePrefix,
  printImageReference,
  type ImageReference,
} from "./reference.ts";

const digest = digestOf("x");
const invalid = (why: string) =>
  expect.objectContaining({ code: "SLIPWAY_OCI_REFERENCE_INVALID", message: expect.stringContaining(why) });

test.each<[string, ImageReference]>([
  ["alpine", { registry: "docker.io", repository: "library/alpine", tag: "latest" }],
  ["alpine:3.21", { registry: "docker.io", repository: "library/alpine", tag: "3.21" }],
  ["docker.io/alpine", { registry: "docker.io", repository: "library/alpine", tag: "latest" }],
  ["index.docker.io/library/alpine", { registry: "docker.io", repository: "library/alpine", tag: "latest" }],
  ["ada/digits", { registry: "docker.io", repository: "ada/digits", tag: "latest" }],
  ["localhost/digits", { registry: "localhost", repository: "digits", tag: "latest" }],
  ["localhost:5001/team/digits:v3", { registry: "localhost:5001", repository: "team/digits", tag: "v3" }],
  ["[::1]:5000/digits:V_3.x", { registry: "[::1]:5000", repository: "digits", tag: "V_3.x" }],
  ["registry.example.com/team/digits", { registry: "registry.example.com", repository: "team/digits", tag: "latest" }],
  ["Registry.Example.com/team/digits", { registry: "registry.example.com", repository: "team/digits", tag: "latest" }],
  ["Buildhost/digits", { registry: "Buildhost", repository: "digits", tag: "latest" }],
  [
    `registry.example.com/team/digits@${digest}`,
    { registry: "registry.example.com", repository: "team/digits", digest },
  ],
  [
    `registry.example.com/team/digits:v3@${digest}`,
    { registry: "registry.example.com", repository: "team/digits", tag: "v3", digest },
  ],
  ["registry:5000/a__b/c--d", { registry: "registry:5000", repository: "a__b/c--d", tag: "latest" }],
])("%s", (text, reference) => {
  expect(parseImageReference(text)).toEqual(reference);
});

test.each([
  ["", "the repository's name is missing"],
  ["localhost:5001/", "the repository's name is missing"],
  ["registry.example.com/Team/digits", "repository names are lower-case: team/digits"],
  ["registry.example.com/team//digits", "is not of lower-case letters"],
  ["https://registry.example.com/team/digits", "it begins with https://, but a reference has no scheme"],
  ["registry.example.com/digits:no way", "the tag"],
  ["registry.example.com/digits:", "the tag"],
  ["registry.example.com/digits@sha256:abc", "the digest"],
  ["registry.example.com:99999/digits", "is no host name"],
  ["-host.io/digits", "is no host name"],
  [`registry.example.com/${"a".repeat(250)}`, "is longer than 255 characters"],
])("refuses %j: %s", (text, why) => {
  expect(() => parseImageReference(text)).toThrowError(invalid(why));
});

const part = fc.stringMatching(/^[a-z0-9]{1,6}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}$/);
const repository = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
const host = fc.oneof(
  fc.constantFrom("localhost", "[::1]:5000", "docker.io", "registry.example.com"),
  fc.stringMatching(/^[a-z0-9]{1,8}(?:-[a-z0-9]{1,4})?\.[a-z]{2,5}$/),
  fc
    .tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.integer({ min: 1, max: 65_535 }))
    .map(([name, port]) => `${name}:${port}`),
);

test("any reference that is printed is read back as the same", () => {
  const any = fc.record({ registry: host, repository, tag: fc.option(tag), hasDigest: fc.boolean() });
  fc.assert(
    fc.property(any, ({ registry, repository: name, tag: ownTag, hasDigest }) => {
      const isBare = registry === "docker.io" && !name.includes("/");
      const reference: ImageReference = {
        registry,
        repository: isBare ? `library/${name}` : name,
        ...(ownTag !== null && { tag: ownTag }),
        ...(ownTag === null && !hasDigest && { tag: "latest" }),
        ...(hasDigest && { digest }),
      };
      expect(parseImageReference(printImageReference(reference))).toEqual(reference);
    }),
  );
});

test("any text gives a right reference or the catalogue's error", () => {
  const pieces = fc.array(
    fc.oneof(fc.constantFrom("/", ":", "@", ".", "[", "]", "localhost", digest, "latest"), fc.string()),
  );
  fc.assert(
    fc.property(pieces, (texts) => {
      const text = texts.join("");
      const reference = readOrRefuse(text);
      if (reference === undefined) return;
      expect(isRepository(reference.repository)).toBe(true);
      expect(reference.tag === undefined || isTag(reference.tag)).toBe(true);
      expect(parseImageReference(printImageReference(reference))).toEqual(reference);
      expect(new URL(`https://${reference.registry}/`).host.length).toBeGreaterThan(0);
    }),
  );
});

function readOrRefuse(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (findSlipwayError(error)?.code !== referenceInvalid.code) throw error;
    return undefined;
  }
}

describe("prefixes", () => {
  test.each([
    ["localhost:5001", { registry: "localhost:5001", path: "" }],
    ["localhost:5001/", { registry: "localhost:5001", path: "" }],
    ["localhost", { registry: "localhost", path: "" }],
    ["registry.example.com/team/models", { registry: "registry.example.com", path: "team/models" }],
    ["docker.io/ada", { registry: "docker.io", path: "ada" }],
  ])("%s", (text, prefix) => {
    expect(parsePrefix(text)).toEqual(prefix);
  });

  test.each([
    "models",
    "registry.example.com/Team",
    "registry.example.com/team:v1",
    "https://registry.example.com/team",
    "",
  ])("refuses %j", (text) => {
    expect(() => parsePrefix(text)).toThrowError(expect.objectContaining({ code: "SLIPWAY_OCI_REFERENCE_INVALID" }));
  });
});

test("loopback is what never leaves the machine", () => {
  for (const near of ["localhost", "localhost:5001", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000", "[::1]"])
    expect([near, isLoopback(near)]).toEqual([near, true]);
  for (const far of ["localhost.example.com", "127.0.0.1.nip.io", "10.0.0.1:5000", "[::2]:5000", "registry:5000"])
    expect([far, isLoopback(far)]).toEqual([far, false]);
});
