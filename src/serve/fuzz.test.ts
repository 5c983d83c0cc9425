/** @file Whatever is sent to a protocol, the answer is never the server's own fault. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { detectorModel, intentModel, marketModel, serveOnce, shapelessModel, tensorsModel } from "./_models.ts";

/** JSON that looks somewhat like what the protocols take, so that faults lie deep inside. */
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, "", "x", "é\0", 2 ** 53, -(2 ** 31)),
    fc.string({ maxLength: 5 }),
    fc.double({ noNaN: true }),
  ),
  list: fc.array(tie("any"), { maxLength: 4 }),
  object: fc.dictionary(
    fc.constantFrom("b64", "text", "image", "features", "return", "count", "values", "__proto__", "shape", "names"),
    tie("any"),
    { maxKeys: 3 },
  ),
  any: fc.oneof({ depthSize: "small", withCrossShrink: true }, tie("leaf"), tie("list"), tie("object")),
})).any;

const shape = fc.oneof(fc.array(fc.integer({ min: -2, max: 5 }), { maxLength: 5 }), value);
const v2 = fc.record(
  {
    id: fc.oneof(fc.string(), value),
    inputs: fc.oneof(
      fc.array(
        fc.record(
          {
            name: fc.oneof(fc.constantFrom("text", "features", "count", "values", "x", "image"), value),
            datatype: fc.oneof(fc.constantFrom("BYTES", "FP32", "INT64", "UINT8", "FP16"), value),
            shape,
            data: value,
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
      value,
    ),
    outputs: value,
  },
  { requiredKeys: [] },
);
const v1 = fc.oneof(fc.record({ instances: value }), fc.record({ inputs: value }), value);
const seldon = fc.record(
  {
    meta: value,
    data: fc.oneof(
      fc.record({ names: value, ndarray: value }, { requiredKeys: [] }),
      fc.record({ tensor: fc.record({ shape, values: value }) }),
      value,
    ),
    strData: value,
    binData: value,
    jsonData: value,
    reward: value,
    request: value,
  },
  { requiredKeys: [] },
);
const call = fc.oneof(
  fc.tuple(fc.constant("/v2/models/digits/infer"), v2),
  fc.tuple(fc.constant("/v1/models/digits:predict"), v1),
  fc.tuple(
    fc.constantFrom(
      "/predict",
      "/api/v0.1/predictions",
      "/seldon/a/b/api/v1.0/predictions",
      "/transform-input",
      "/send-feedback",
    ),
    seldon,
  ),
  fc.tuple(fc.constant("/playground/predict"), value),
);

/** What a protocol says of a fault of the caller's. */
function isRefusal(path: string, body: unknown): boolean {
  const { error, status, code } = body as { error?: string; status?: { status?: string }; code?: string };
  if (path.startsWith("/v")) return typeof error === "string";
  return path === "/playground/predict" ? typeof code === "string" : status?.status === "FAILURE";
}

describe.each([
  ["texts", intentModel],
  ["columns", marketModel],
  ["boxes", detectorModel],
  ["tensors", tensorsModel],
  ["any shape", shapelessModel],
] as const)("a model of %s", (_name, made) => {
  const serve = serveOnce(made);

  test("answers rubbish with 200 or a refusal in the protocol's words", async () => {
    const { url } = await serve();
    await fc.assert(
      fc.asyncProperty(call, async ([path, body]) => {
        const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body) ?? "" });
        const answer: unknown = await response.json();
        if (response.status === 200) return;
        expect(response.status).toBeLessThan(500);
        expect({ path, answer, refused: isRefusal(path, answer) }).toMatchObject({ refused: true });
      }),
      { numRuns: 150 },
    );
  });

  test("answers bytes that are no JSON with a refusal", async () => {
    const { url } = await serve();
    const paths = ["/v2/models/digits/infer", "/v1/models/digits:predict", "/predict", "/api/v1.0/feedback"];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.uint8Array({ maxLength: 40 }), async (path, bytes) => {
        const response = await fetch(url + path, { method: "POST", body: Buffer.from(bytes) });
        expect([path, [200, 400].includes(response.status)]).toEqual([path, true]);
        await response.arrayBuffer();
      }),
      { numRuns: 60 },
    );
  });
});
