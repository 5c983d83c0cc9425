/** @file What every store must do: run by the tests of each kind of store. */
import { describe, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { lineage, sampleContent } from "../fixtures/sample.ts";
import type { Artifact, Store } from "../types.ts";

/** `open` gives a new, empty store each time; `reopen` another handle on the same one. */
export function describeStore(kind: string, open: () => Promise<{ store: Store; reopen: () => Promise<Store> }>): void {
  const openEmpty = async () => (await open()).store;
  const code = (of: string) => expect.objectContaining({ code: `SLIPWAY_ARTIFACT_${of}` });
  const at = (time: string) => ({ startedAt: `2026-11-21T${time}:00Z` });
  const nowhere = digestOf("nowhere");

  describe(`${kind}: artifacts`, () => {
    test("what was put is got back, by another handle too", async () => {
      const { store, reopen } = await open();
      const put = await store.put(sampleContent());
      const other = await reopen();
      expect(await other.get(`digits@${put.digest}`)).toEqual(put);
      expect(new TextDecoder().decode(await other.readModel(put))).toBe("an ONNX file");
      expect(put).toMatchObject({
        name: "digits",
        aliases: [],
        lineage,
        model: { size: 12, digest: digestOf("an ONNX file") },
      });
    });

    test("the same content twice is one artifact", async () => {
      const store = await openEmpty();
      const first = await store.put(sampleContent());
      await store.setAlias("digits", "champion", first.digest);
      expect(await store.put(sampleContent())).toEqual({ ...first, aliases: ["champion"] });
      expect(await store.list()).toHaveLength(1);
    });

    test("the same model under two names is two artifacts", async () => {
      const store = await openEmpty();
      const [a, b] = [await store.put(sampleContent()), await store.put(sampleContent({ name: "copy" }))];
      expect(a.model).toEqual(b.model);
      expect((await store.list()).map(({ name }) => name).toSorted()).toEqual(["copy", "digits"]);
      expect(await store.list("copy")).toEqual([b]);
    });

    test("wrong content is refused, and nothing is left of it", async () => {
      const store = await openEmpty();
      await expect(store.put({ ...sampleContent(), name: "Digits" })).rejects.toThrowError(code("CONTENT_INVALID"));
      expect(await store.list()).toEqual([]);
      expect(await store.collect()).toEqual({ blobs: 0, bytes: 0 });
    });

    test("what is packed here is the same artifact there", async () => {
      const [from, to] = [await openEmpty(), await openEmpty()];
      const { aliases, ...artifact } = await from.put(sampleContent());
      await from.setAlias("digits", "champion", artifact.digest);
      const packed = await from.pack("digits");
      expect(packed.artifact).toEqual(artifact);
      expect(digestOf(packed.manifest.bytes)).toBe(artifact.digest);
      for (const { descriptor, bytes } of packed.blobs)
        expect([digestOf(bytes), bytes.byteLength]).toEqual([descriptor.digest, descriptor.size]);
      expect(await to.putPacked(packed)).toEqual({ ...artifact, aliases });
      expect(await to.get(artifact.digest)).toEqual({ ...artifact, aliases: [] });
      await expect(to.pack("digits")).rejects.toThrowError(code("NOT_FOUND"));
    });

    test("lists the newest first, whatever the order of putting", async () => {
      const store = await openEmpty();
      for (const time of ["10:00", "12:00", "11:00"]) await store.put(sampleContent({ lineage: at(time) }));
      expect((await store.list()).map(({ createdAt }) => createdAt.slice(11, 16))).toEqual(["12:00", "11:00", "10:00"]);
      expect(await store.list("other")).toEqual([]);
    });

    test("an empty store has nothing, and says so", async () => {
      const store = await openEmpty();
      expect(await store.list()).toEqual([]);
      expect(await store.find("digits", lineage.inputs)).toBeUndefined();
      expect(await store.history("digits")).toEqual([]);
      expect(await store.check()).toEqual([]);
      await expect(store.get("digits")).rejects.toThrowError(code("NOT_FOUND"));
    });
  });

  describe(`${kind}: find`, () => {
    test("gives the newest of the name that was trained from these inputs", async () => {
      const store = await openEmpty();
      const newest = await store.put(sampleContent({ lineage: at("12:00") }));
      await store.put(sampleContent({ lineage: at("11:00") }));
      await store.put(sampleContent({ lineage: { ...at("13:00"), inputs: digestOf("others") } }));
      await store.put(sampleContent({ name: "copy", lineage: at("14:00") }));
      expect(await store.find("digits", lineage.inputs)).toEqual(newest);
      expect(await store.find("digits", nowhere)).toBeUndefined();
    });
  });

  describe(`${kind}: references`, () => {
    test("bare name, alias, digest and prefix mean the same artifact", async () => {
      const store = await openEmpty();
      const { digest } = await store.put(sampleContent());
      await store.setAlias("digits", "champion", digest);
      const hex = digest.slice(7, 19);
      for (const reference of [
        "digits",
        "digits:champion",
        `digits@${digest}`,
        digest,
        `digits@${hex}`,
        `sha256:${hex}…`,
        hex,
      ]) {
        expect((await store.get(reference)).digest).toBe(digest);
      }
    });

    test("names the nearest where there is none", async () => {
      const store = await openEmpty();
      const { digest } = await store.put(sampleContent());
      await store.setAlias("digits", "champion", digest);
      const message = expect.stringContaining("nearest: digits");
      await expect(store.get("digit")).rejects.toThrowError(
        expect.objectContaining({ code: "SLIPWAY_ARTIFACT_NOT_FOUND", message }),
      );
      await expect(store.get("digits:champoin")).rejects.toThrowError(code("NOT_FOUND"));
      await expect(store.get("Digits")).rejects.toThrowError(code("REFERENCE_INVALID"));
    });
  });

  describe(`${kind}: aliases`, () => {
    const openTwo = async (): Promise<{ store: Store; a: Artifact; b: Artifact }> => {
      const store = await openEmpty();
      return { store, a: await store.put(sampleContent()), b: await store.put(sampleContent({ model: "another" })) };
    };

    test("move from one artifact to another, and are listed with it, sorted", async () => {
      const { store, a, b } = await openTwo();
      for (const alias of ["v1", "champion", "v2"]) await store.setAlias("digits", alias, a.digest);
      await store.setAlias("digits", "champion", b.digest);
      expect((await store.get(a.digest)).aliases).toEqual(["v1", "v2"]);
      expect((await store.get("digits")).digest).toBe(b.digest);
    });

    test("say where they point, or that they point nowhere", async () => {
      const { store, a, b } = await openTwo();
      expect(await store.readAlias("digits", "champion")).toBeUndefined();
      expect(await store.readAlias("nobody", "champion")).toBeUndefined();
      await store.setAlias("digits", "champion", a.digest);
      await store.setAlias("digits", "champion", b.digest);
      expect(await store.readAlias("digits", "champion")).toBe(b.digest);
      await store.removeAlias("digits", "champion");
      expect(await store.readAlias("digits", "champion")).toBeUndefined();
    });

    test("with expect, move only from where they are expected", async () => {
      const { store, a, b } = await openTwo();
      await expect(store.setAlias("digits", "champion", b.digest, { expect: a.digest })).rejects.toThrowError(
        code("ALIAS_MOVED"),
      );
      await store.setAlias("digits", "champion", a.digest, { expect: undefined });
      await expect(store.setAlias("digits", "champion", b.digest, { expect: undefined })).rejects.toThrowError(
        code("ALIAS_MOVED"),
      );
      await store.setAlias("digits", "champion", b.digest, { expect: a.digest });
      await store.setAlias("digits", "champion", b.digest, { expect: a.digest }); // there already: may be repeated
      expect((await store.get("digits")).digest).toBe(b.digest);
    });

    test("of many that move it at once from the same place, one wins", async () => {
      const { store, reopen } = await open();
      const puts = await Promise.all(
        Array.from({ length: 6 }, (_, i) => store.put(sampleContent({ model: `model ${i}` }))),
      );
      const moves = puts.map(async ({ digest }) =>
        (await reopen()).setAlias("digits", "champion", digest, { expect: undefined }),
      );
      const results = await Promise.allSettled(moves);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(results.filter(({ status }) => status === "rejected")).toMatchObject(
        Array.from({ length: 5 }, () => ({ reason: { code: "SLIPWAY_ARTIFACT_ALIAS_MOVED" } })),
      );
      const winner = puts[results.findIndex(({ status }) => status === "fulfilled")];
      expect((await store.get("digits")).digest).toBe(winner?.digest);
    });

    test("only point at an artifact of their own name, and have a fit name themselves", async () => {
      const { store, a } = await openTwo();
      await store.put(sampleContent({ name: "copy" }));
      await expect(store.setAlias("digits", "champion", nowhere)).rejects.toThrowError(code("NOT_FOUND"));
      await expect(store.setAlias("copy", "champion", a.digest)).rejects.toThrowError(code("NOT_FOUND"));
      await expect(store.setAlias("digits", "no way", a.digest)).rejects.toThrowError(code("REFERENCE_INVALID"));
    });

    test("go, and leave the artifact", async () => {
      const { store, a } = await openTwo();
      await store.setAlias("digits", "champion", a.digest);
      await store.removeAlias("digits", "champion");
      expect((await store.get(a.digest)).aliases).toEqual([]);
      await expect(store.get("digits")).rejects.toThrowError(code("NOT_FOUND"));
      await expect(store.removeAlias("digits", "champion")).rejects.toThrowError(code("NOT_FOUND"));
    });

    test("their history tells every move that was one, oldest first", async () => {
      const { store, a, b } = await openTwo();
      const other = await store.put(sampleContent({ name: "copy" }));
      await store.setAlias("digits", "champion", a.digest);
      await store.setAlias("copy", "champion", other.digest);
      await store.setAlias("digits", "champion", b.digest);
      await store.setAlias("digits", "champion", b.digest);
      await store.removeAlias("digits", "champion");
      const history = await store.history("digits");
      expect(history).toMatchObject([
        { sequence: 1, alias: "champion", to: a.digest },
        { sequence: 3, alias: "champion", from: a.digest, to: b.digest },
        { sequence: 4, alias: "champion", from: b.digest },
      ]);
      expect(history.map((move) => ["from" in move, "to" in move])).toEqual([
        [false, true],
        [true, true],
        [true, false],
      ]);
      for (const { at: time, by } of history) {
        expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(60_000);
        expect(by).toMatch(/^.+@.+$/);
      }
    });
  });

  describe(`${kind}: removal`, () => {
    test("is refused while an alias points there, unless forced", async () => {
      const store = await openEmpty();
      const { digest } = await store.put(sampleContent());
      await store.setAlias("digits", "champion", digest);
      await expect(store.remove("digits")).rejects.toThrowError(code("IN_USE"));
      expect(await store.remove("digits", { force: true })).toEqual({ name: "digits", digest, aliases: ["champion"] });
      await expect(store.get(digest)).rejects.toThrowError(code("NOT_FOUND"));
      expect((await store.history("digits")).at(-1)).toMatchObject({ alias: "champion", from: digest });
    });

    test("leaves blobs to collect, which keeps what others share", async () => {
      const store = await openEmpty();
      const [gone, kept] = [await store.put(sampleContent({ lineage: { seed: 7 } })), await store.put(sampleContent())];
      await store.remove(gone.digest);
      expect(await store.collect()).toMatchObject({ blobs: 3 }); // manifest, config, slipway.json; the ONNX file is shared
      expect(await store.collect()).toEqual({ blobs: 0, bytes: 0 });
      expect(await store.list()).toEqual([kept]);
      expect(new TextDecoder().decode(await store.readModel(kept))).toBe("an ONNX file");
      expect(await store.check()).toEqual([]);
    });

    test("what was removed can be put again", async () => {
      const store = await openEmpty();
      const first = await store.put(sampleContent());
      await store.remove(first.digest);
      await store.collect();
      expect(await store.put(sampleContent())).toEqual(first);
      expect(await store.check()).toEqual([]);
    });
  });
}
