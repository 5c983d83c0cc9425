import { expect, test } from "vitest";
import type { Signature } from "../../src/model/signature.ts";
import { curlJson, curlLine, formInputOf, imageInputOf, imageRouteOf, labelsOf } from "./card.ts";

const digits: Signature = {
  inputs: [
    {
      name: "image",
      datatype: "UINT8",
      shape: [-1, 28, 28, 1],
      content: { kind: "image", height: 28, width: 28, channels: 1 },
    },
  ],
  outputs: [
    { name: "probabilities", datatype: "FP32", shape: [-1, 2], content: { kind: "probabilities", labels: ["0", "1"] } },
  ],
};
const plain: Signature = {
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
  outputs: [{ name: "y", datatype: "FP32", shape: [-1] }],
};

test("an image model is known by its one input's content", () => {
  expect(imageInputOf(digits)).toEqual({ kind: "image", height: 28, width: 28, channels: 1 });
  expect(imageInputOf(plain)).toBeUndefined();
  expect(imageInputOf({ ...digits, inputs: [...digits.inputs, ...plain.inputs] })).toBeUndefined();
});

test("labels come in the model's own order, where it has any", () => {
  expect(labelsOf(digits)).toEqual(["0", "1"]);
  expect(labelsOf(plain)).toEqual([]);
});

test("the first POST route that takes an image is the one to show", () => {
  const route = { method: "POST", path: "/predict", field: "file" };
  expect(imageRouteOf([{ method: "GET", path: "/index" }, { method: "POST", path: "/refresh" }, route])).toEqual(route);
  expect(imageRouteOf([{ method: "GET", path: "/index" }])).toBeUndefined();
});

test("the curl line is one that a shell takes", () => {
  const route = { method: "POST", path: "/predict", field: "file" };
  expect(curlLine(route, "http://127.0.0.1:5000/", "7.jpg")).toBe("curl -F file=@7.jpg http://127.0.0.1:5000/predict");
  expect(curlLine(route, "https://models.example/team/digits/", "it's $1.png")).toBe(
    `curl -F 'file=@it'\\''s $1.png' https://models.example/team/digits/predict`,
  );
});

test("a form asks for a text or for columns; other inputs have none", () => {
  const outputs = [{ name: "y", datatype: "FP32", shape: [-1, 2] }] as const;
  const of = (input: object) =>
    formInputOf({ inputs: [{ name: "x", datatype: "BYTES", shape: [-1], ...input }], outputs });
  expect(of({})).toEqual({ kind: "text" });
  expect(of({ shape: [-1, 1] })).toEqual({ kind: "text" });
  expect(of({ shape: [-1, 4] })).toBeUndefined();
  const features = { datatype: "FP32", shape: [-1, 2], content: { kind: "features", names: ["a", "b"] } };
  expect(of(features)).toEqual({ kind: "columns", names: ["a", "b"] });
  expect(of({ datatype: "FP32", shape: [-1, 2] })).toBeUndefined();
});

test("a curl line for JSON survives quotes", () => {
  expect(curlJson("/predict", "http://h/p/", { text: "it's" })).toBe(
    `curl -H 'content-type: application/json' -d '{"text":"it'\\''s"}' http://h/p/predict`,
  );
});
