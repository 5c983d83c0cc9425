/** @file The example as its reader runs it, and as the callers of the service before it call: same paths, same fields, same answers. */
import { hostname } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, copyExample } from "../../test/example.ts";

const example = copyExample("hello");
let url: string;

beforeAll(async () => {
  ({ url } = await example.up());
});
afterAll(() => example[Symbol.asyncDispose]());

describe("the routes of the project's own code", () => {
  test("/test_api tells who asked and who answers", async () => {
    expect((await ask(`${url}/test_api`)).body).toEqual({ message: `Hello 127.0.0.1, you've reached ${hostname()}` });
    const behindProxy = await ask(`${url}/test_api`, undefined, { "x-forwarded-for": "203.0.113.7" });
    expect(behindProxy.body).toEqual({ message: `Hello 203.0.113.7, you've reached ${hostname()}` });
  });

  test("/score gives back X as it came", async () => {
    const raw = await fetch(`${url}/score`, { method: "POST", body: '{"X":[1,2]}' });
    expect(await raw.text()).toBe('{"score":[1,2]}');
    for (const X of [
      [],
      [
        [1, 2.5],
        ["a", null],
      ],
      [1e300, -0.25],
    ])
      expect((await ask(`${url}/score`, { X })).body).toEqual({ score: X });
  });

  test.each([{}, { X: 3 }, { x: [1] }, null, "{"])("/score of %j is a 400 that says what it wants", async (body) => {
    const answer = await ask(`${url}/score`, body);
    expect(answer.status).toBe(400);
    expect(answer.type).toContain("application/problem+json");
  });
});

describe("Seldon's callers", () => {
  const paths = [
    "/api/v0.1/predictions",
    "/seldon/hello/api/v0.1/predictions",
    "/seldon/models/hello/api/v0.1/predictions",
    "/api/v1.0/predictions",
    "/seldon/models/hello/api/v1.0/predictions",
  ];

  test.each(paths)("%s gives an ndarray for an ndarray, a tensor for a tensor, with the names", async (path) => {
    const names = ["a", "b"];
    const ndarray = { data: { names, ndarray: [[1, 2], [3, 4.5]] } }; // prettier-ignore
    const tensor = { data: { names, tensor: { shape: [2, 2], values: [1, 2, 3, 4.5] } } };
    for (const message of [ndarray, tensor])
      expect(await ask(`${url}${path}`, message)).toMatchObject({ status: 200, body: message });
  });

  test("their id comes back", async () => {
    const message = { meta: { puid: "mine", tags: { who: "me" } }, data: { ndarray: [["text", 1]] } };
    expect((await ask(`${url}${paths[0]}`, message)).body).toMatchObject(message);
  });

  test("what is no message is refused in Seldon's own words", async () => {
    expect(await ask(`${url}${paths[1]}`, { rows: [] })).toMatchObject({
      status: 400,
      body: { status: { status: "FAILURE", code: 400, info: expect.stringContaining("without data") as string } },
    });
  });

  test.each([
    ["as an ndarray", "", []],
    ["as a tensor", paths[2]!, ["--tensor"]],
  ])("the contract is kept %s", async (_name, path, kind) => {
    const words = ["--contract", "contract.json", ...kind, "--json"];
    const { status, stdout } = await example.run("verify", `${url}${path}`, ...words);
    const { broken, rows, breaches } = JSON.parse(stdout) as { broken: number; rows: number; breaches: unknown[] };
    expect({ status, broken, rows, breaches }).toEqual({ status: 0, broken: 0, rows: 1000, breaches: [] });
  });
});

test("a table by KServe's V1 is answered too", async () => {
  const { body } = await ask(`${url}/v1/models/hello:predict`, { instances: [[1, 2], [3, 4]] }); // prettier-ignore
  expect(body).toEqual({ predictions: [[1, 2], [3, 4]] }); // prettier-ignore
});
