import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { SlipwayError } from "../base/errors.ts";
import { lineage, sampleContent, signature } from "./fixtures/sample.ts";
import { packArtifact, readManifest, toArtifact } from "./manifest.ts";
import type { Package } from "./manifest.ts";
import type { Descriptor } from "./oci.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Back through the bytes alone, as a store reads it. */
function unpack({ manifest, blobs }: Package, name = "digits") {
  const read = readManifest(manifest.bytes, name);
  const details = blobs.find(({ descriptor }) => descriptor.digest === read.details?.digest);
  return toArtifact(
    { name, digest: manifest.descriptor.digest, aliases: ["v3", "champion"], manifest: read },
    details?.bytes,
  );
}

interface Manifest {
  artifactType?: string;
  config: Descriptor;
  layers: [Descriptor, ...Descriptor[]];
}

/** The sample's manifest with changes, as another tool might have made it. */
function alter(change: (manifest: Manifest) => void): Uint8Array {
  const manifest = JSON.parse(decode(packArtifact(sampleContent()).manifest.bytes)) as Manifest;
  change(manifest);
  return new TextEncoder().encode(JSON.stringify(manifest));
}

describe("packArtifact", () => {
  test("its bytes are what they have always been", async () => {
    const { manifest, blobs } = packArtifact(sampleContent());
    const texts = [manifest, ...blobs].map(
      ({ descriptor, bytes }) => `${descriptor.mediaType}\n${descriptor.digest}\n${decode(bytes)}\n`,
    );
    await expect(texts.join("\n")).toMatchFileSnapshot("golden/digits.txt");
  });

  test("the order of keys does not matter", () => {
    const turned = Object.fromEntries(Object.entries(lineage).toReversed()) as unknown as typeof lineage;
    expect(packArtifact({ ...sampleContent(), lineage: turned }).manifest).toEqual(
      packArtifact(sampleContent()).manifest,
    );
  });

  test("every descriptor names its bytes, and the config every layer", () => {
    const { manifest, blobs } = packArtifact(sampleContent());
    for (const { descriptor, bytes } of [manifest, ...blobs]) {
      expect(descriptor).toMatchObject({ digest: digestOf(bytes), size: bytes.byteLength });
    }
    const [config, ...layers] = blobs;
    expect(JSON.parse(decode(config!.bytes)).modelfs).toEqual({
      type: "layers",
      diffIds: layers.map(({ descriptor }) => descriptor.digest),
    });
  });

  test("goes there and back", () => {
    const packed = packArtifact(sampleContent());
    expect(unpack(packed)).toEqual({
      name: "digits",
      digest: packed.manifest.descriptor.digest,
      model: { digest: digestOf("an ONNX file"), size: 12 },
      signature,
      lineage,
      aliases: ["champion", "v3"],
      createdAt: "2026-11-21T08:00:31.500Z",
    });
    expect({ ...packed.artifact, aliases: ["champion", "v3"] }).toEqual(unpack(packed));
  });

  test("keeps NaN and infinities of metrics and history", () => {
    const metrics = { accuracy: 0.1, loss: NaN, worst: Infinity, best: -Infinity };
    const content = sampleContent({ lineage: { metrics, history: [{ epoch: 1, loss: NaN }] } });
    expect(unpack(packArtifact(content)).lineage).toMatchObject({ metrics, history: [{ epoch: 1, loss: NaN }] });
  });

  test("keeps any metrics and parameters", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.double({ noDefaultInfinity: false })),
        fc.jsonValue(),
        (metrics, value) => {
          const parameters = JSON.parse(JSON.stringify({ value })) as Record<string, unknown>;
          const read = unpack(
            packArtifact(sampleContent({ lineage: { metrics: { ...metrics }, parameters } })),
          ).lineage;
          expect(read.parameters).toEqual(parameters);
          // JSON has no -0.
          const positive = (record: object) => Object.entries(record).map(([key, number]) => [key, Number(number) + 0]);
          expect(Object.fromEntries(positive(read.metrics))).toEqual(Object.fromEntries(positive(metrics)));
        },
      ),
    );
  });

  test.each([
    ["name", { ...sampleContent(), name: "Digits" }, 'its name is "Digits"'],
    ["model", sampleContent({ model: "" }), "the ONNX file is empty"],
    [
      "signature",
      { ...sampleContent(), signature: { inputs: [], outputs: [] } },
      "its signature is without inputs or outputs",
    ],
    ["time", sampleContent({ lineage: { startedAt: "yesterday" } }), "lineage.startedAt is yesterday"],
    ["duration", sampleContent({ lineage: { durationSeconds: NaN } }), "lineage.durationSeconds is NaN"],
  ])("refuses a wrong %s", (_field, content, message) => {
    expect(() => packArtifact(content)).toThrowError(
      expect.objectContaining({ code: "SLIPWAY_ARTIFACT_CONTENT_INVALID", message: expect.stringContaining(message) }),
    );
  });
});

describe("artifacts made by others", () => {
  /** What readManifest says against it. */
  const refusal = (manifest: Uint8Array): unknown => {
    try {
      return readManifest(manifest, "theirs");
    } catch (error) {
      return error instanceof SlipwayError && error.code === "SLIPWAY_ARTIFACT_INCOMPLETE" ? error.message : error;
    }
  };

  test("without artifactType, the config's media type says what it is", () => {
    const manifest = alter((it) => delete it.artifactType);
    expect(readManifest(manifest, "theirs").model.digest).toBe(digestOf("an ONNX file"));
  });

  test("a file name of their own, and further layers, do no harm", () => {
    const manifest = alter((it) => {
      it.layers[0].annotations = { "org.cncf.model.filepath": "weights/net.onnx" };
      it.layers.unshift({ mediaType: "application/vnd.cncf.model.doc.v1.raw", digest: digestOf("readme"), size: 6 });
    });
    expect(readManifest(manifest, "theirs").model.digest).toBe(digestOf("an ONNX file"));
  });

  test("without slipway.json the message says so", () => {
    const read = readManifest(
      alter((it) => it.layers.pop()),
      "theirs",
    );
    expect(() =>
      toArtifact({ name: "theirs", digest: digestOf("x"), aliases: [], manifest: read }, undefined),
    ).toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_ARTIFACT_INCOMPLETE",
        message: expect.stringContaining("it has no signature (no layer slipway.json)"),
      }),
    );
  });

  test.each([
    ["{", "slipway.json is not JSON"],
    ["[]", "slipway.json is not a JSON object"],
    ['{"version":2}', "slipway.json has version 2, wanted 1: a newer Slipway may have written it"],
    ['{"version":1}', "slipway.json: signature is missing"],
    ['{"version":1,"signature":{"inputs":[{"name":"x"}]}}', "slipway.json: signature.inputs[0] (x) has no datatype"],
    [
      '{"version":1,"signature":{"inputs":[{"name":"x","datatype":"FP32","shape":[1.5]}]}}',
      "signature.inputs[0] (x) has no shape of whole numbers",
    ],
    [JSON.stringify({ version: 1, signature }), "slipway.json: lineage is missing"],
    [
      JSON.stringify({ version: 1, signature, lineage: { ...lineage, seed: "1" } }),
      "slipway.json: lineage.seed is not a number",
    ],
    [
      JSON.stringify({ version: 1, signature, lineage: { ...lineage, startedAt: "" } }),
      "slipway.json: lineage.startedAt is not an RFC 3339 time",
    ],
  ])("details %s", (text, message) => {
    const manifest = readManifest(packArtifact(sampleContent()).manifest.bytes, "theirs");
    const read = () =>
      toArtifact({ name: "theirs", digest: digestOf("x"), aliases: [], manifest }, new TextEncoder().encode(text));
    expect(read).toThrowError(
      expect.objectContaining({ code: "SLIPWAY_ARTIFACT_INCOMPLETE", message: expect.stringContaining(message) }),
    );
  });

  test("a container image is named as what it is", () => {
    const image = alter((it) => {
      delete it.artifactType;
      it.config.mediaType = "application/vnd.oci.image.config.v1+json";
    });
    expect(refusal(image)).toBe(
      'theirs cannot be used as a model: it is "application/vnd.oci.image.config.v1+json", not application/vnd.cncf.model.manifest.v1+json',
    );
    expect(refusal(new TextEncoder().encode("<html>"))).toBe(
      "theirs cannot be used as a model: its manifest is no JSON object",
    );
  });

  test("weights in another form are named", () => {
    const tar = alter((it) => (it.layers[0].mediaType = "application/vnd.cncf.model.weight.v1.tar"));
    expect(refusal(tar)).toBe(
      "theirs cannot be used as a model: it has no raw ONNX file; its weights are model.onnx (application/vnd.cncf.model.weight.v1.tar)",
    );
    const pickle = alter((it) => (it.layers[0].annotations = { "org.cncf.model.filepath": "model.pt" }));
    expect(refusal(pickle)).toBe(
      "theirs cannot be used as a model: it has no raw ONNX file; its weights are model.pt (application/vnd.cncf.model.weight.v1.raw)",
    );
    const two = alter((it) => it.layers.push({ ...it.layers[0], digest: digestOf("y") }));
    expect(refusal(two)).toBe(
      "theirs cannot be used as a model: it has 2 ONNX files (model.onnx, model.onnx), wanted one",
    );
  });
});
