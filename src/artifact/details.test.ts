import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { printDetails, readDetails } from "./details.ts";
import { lineage, signature } from "./fixtures/sample.ts";

test("what the guide shows as slipway.json can be read", async () => {
  const guide = await readFile(new URL("../../docs/guides/models.md", import.meta.url), "utf8");
  const [, json] = /```json\n([^]*?)```/.exec(guide) ?? [];
  const details = readDetails(String(json).replaceAll("sha256:…", digestOf("")));
  expect(details).toMatchObject({
    lineage: { metrics: { accuracy: 0.989 } },
    signature: { inputs: [{ name: "image" }] },
  });
});

test("values that JSON lacks are written so that they can be read", () => {
  const parameters = {
    rate: Infinity,
    large: 10n,
    kernel: new Uint8Array([3, 3]),
    when: new Date(0),
    nothing: undefined,
  };
  const text = printDetails({ signature, lineage: { ...lineage, parameters, metrics: { loss: NaN } } });
  expect(readDetails(text)).toMatchObject({
    lineage: {
      parameters: { rate: "Infinity", large: "10", kernel: [3, 3], when: "1970-01-01T00:00:00.000Z" },
      metrics: { loss: NaN },
    },
  });
});
