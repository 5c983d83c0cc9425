import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf, type Digest } from "../../base/digest.ts";
import { annotations, mediaTypes, type Descriptor } from "../oci.ts";
import {
  addArtifact,
  emptyIndex,
  findAlias,
  listEntries,
  moveAlias,
  parseIndex,
  printIndex,
  withoutArtifact,
  type Index,
} from "./index-file.ts";

const describeBlob = (digest: Digest): Descriptor => ({
  mediaType: mediaTypes.manifest,
  digest,
  size: 1,
  artifactType: mediaTypes.model,
});
const digests = ["x", "y", "z"].map((text) => digestOf(text));
const names = ["digits", "team/digits"];

type Step =
  | { do: "add"; name: string; digest: Digest }
  | { do: "remove"; name: string; digest: Digest }
  | { do: "point"; name: string; alias: string; digest: Digest | undefined };

const name = fc.constantFrom(...names);
const digest = fc.constantFrom(...digests);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("add" as const), name, digest }),
  fc.record({ do: fc.constant("remove" as const), name, digest }),
  fc.record({
    do: fc.constant("point" as const),
    name,
    alias: fc.constantFrom("champion", "v1"),
    digest: fc.option(digest, { nil: undefined }),
  }),
);

describe("the index", () => {
  test("holds what a plain map of names and aliases would, after any steps", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const artifacts = new Set<string>();
        const aliases = new Map<string, Digest>();
        let index: Index = emptyIndex;
        for (const one of steps) {
          if (one.do === "add") {
            artifacts.add(`${one.name}@${one.digest}`);
            index = addArtifact(index, one.name, describeBlob(one.digest));
          } else if (one.do === "remove") {
            artifacts.delete(`${one.name}@${one.digest}`);
            for (const [alias, to] of aliases)
              if (alias.startsWith(`${one.name}:`) && to === one.digest) aliases.delete(alias);
            index = withoutArtifact(index, one.name, one.digest);
          } else {
            const target =
              one.digest !== undefined && artifacts.has(`${one.name}@${one.digest}`) ? one.digest : undefined;
            if (target === undefined) aliases.delete(`${one.name}:${one.alias}`);
            else aliases.set(`${one.name}:${one.alias}`, target);
            index = moveAlias(index, one.name, one.alias, target);
          }
          index = parseIndex(printIndex(index), "index.json");
        }
        const entries = listEntries(index);
        expect(entries.map((entry) => `${entry.name}@${entry.digest}`).toSorted()).toEqual([...artifacts].toSorted());
        expect(
          new Map(entries.flatMap((entry) => entry.aliases.map((alias) => [`${entry.name}:${alias}`, entry.digest]))),
        ).toEqual(aliases);
        for (const of of names) expect(findAlias(index, of, "champion")).toBe(aliases.get(`${of}:champion`));
        expect(index.manifests).toHaveLength(artifacts.size + aliases.size);
      }),
    );
  });

  test("leaves entries alone whose names are no references", () => {
    const foreign = ["Not A Name", "x:y:z", undefined].map((refName) => ({
      ...describeBlob(digests[0]!),
      ...(refName !== undefined && { annotations: { [annotations.refName]: refName } }),
    }));
    const index = addArtifact({ ...emptyIndex, manifests: foreign }, "digits", describeBlob(digests[0]!));
    expect(listEntries(index)).toMatchObject([{ name: "digits", aliases: [] }]);
    expect(withoutArtifact(index, "digits", digests[0]!).manifests).toEqual(foreign);
  });

  test("keeps members that other tools wrote", () => {
    const text = JSON.stringify({
      schemaVersion: 2,
      manifests: [],
      subject: { mediaType: "x" },
      annotations: { theirs: "1" },
    });
    expect(parseIndex(text, "index.json")).toMatchObject({ subject: { mediaType: "x" }, annotations: { theirs: "1" } });
  });
});
