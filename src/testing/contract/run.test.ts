import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { parseContract } from "./read.ts";
import { type ContractOptions, kindsOf, runContract } from "./run.ts";

const contract = parseContract(
  JSON.stringify({
    features: [{ name: "x", ftype: "continuous", range: [-1, 1], repeat: 2 }],
    targets: [{ name: "half", ftype: "continuous", range: [-0.5, 0.5] }],
  }),
);

interface Message {
  data?: { ndarray?: number[][]; tensor?: { shape: number[]; values: number[] } };
}

let server: Server;
afterEach(() => server.close());

/** A server of Seldon's protocol whose model is `answer`, on one path. */
async function serve(path: string, answer: (message: Message, count: number) => [status: number, body: object]) {
  let count = 0;
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const message = (await json(request)) as Message;
    const [status, body] = request.url === path ? answer(message, count++) : ([404, {}] as const);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  server = createServer((request, response) => void reply(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const options = (url: string, more: Partial<ContractOptions> = {}): ContractOptions => ({
  url,
  endpoint: "predict",
  requests: 20,
  batch: 4,
  kind: "ndarray",
  seed: 1,
  signal: new AbortController().signal,
  ...more,
});

const halve = ({ data }: Message): [number, object] =>
  data?.ndarray === undefined
    ? [400, { status: { status: "FAILURE", code: 400, info: "no data" } }]
    : [200, { data: { names: ["half"], ndarray: data.ndarray.map(([x = 0]) => [x / 2]) } }];

test("a server that keeps the contract: found by its path, every value seen", async () => {
  const url = await serve("/api/v0.1/predictions", halve);
  const report = await runContract(contract, options(url));
  expect(report).toMatchObject({ url: `${url}/api/v0.1/predictions`, requests: 20, rows: 80, broken: 0, breaches: [] });
  const [half] = report.targets;
  expect(half!.least).toBeGreaterThanOrEqual(-0.5);
  expect(half!.most).toBeLessThanOrEqual(0.5);
});

test("a server that breaks it now and then: how often, by which request, with what answer", async () => {
  const url = await serve("/predict", (message, count) =>
    count % 4 === 3 ? [200, { data: { ndarray: [[9], [0], [0], [0]] } }] : halve(message),
  );
  const report = await runContract(contract, options(`${url}/predict`));
  expect(report.broken).toBe(5);
  expect(kindsOf(report)).toEqual(["range"]);
  expect(report.breaches).toMatchObject([
    { kind: "range", target: "half", times: 5, message: "half is 9, wanted -0.5 to 0.5" },
  ]);
  expect(report.breaches[0]!.request).toHaveProperty("data.ndarray");
});

test("tensors, and feedback, which has nothing but a status to hold", async () => {
  const url = await serve("/predict", ({ data }) => [
    200,
    {
      data: {
        tensor: {
          shape: [data!.tensor!.shape[0], 1],
          values: data!.tensor!.values.filter((_, at) => at % 2).map((x) => x / 2),
        },
      },
    },
  ]);
  expect(await runContract(contract, options(`${url}/predict`, { kind: "tensor" }))).toMatchObject({ broken: 0 });
  server.close();
  const other = await serve("/send-feedback", () => [200, {}]);
  expect(await runContract(contract, options(other, { endpoint: "send-feedback" }))).toMatchObject({ broken: 0 });
});

test("a server without any of the paths", async () => {
  const url = await serve("/elsewhere", halve);
  await expect(runContract(contract, options(url))).rejects.toThrow(
    expect.objectContaining({ code: "SLIPWAY_TESTING_CONTRACT_NO_ENDPOINT" }),
  );
});
