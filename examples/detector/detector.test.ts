/** @file The example as its callers call it: a login, a picture as a form, names from a file, a port from the environment. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyExample, type UpDocument } from "../../test/example.ts";
import { findQuietPort } from "../../test/port.ts";
import { boxOfLight, drawLight, makeLightWeights } from "../../test/ssd-weights.ts";

const port = await findQuietPort();
const example = copyExample("detector", { PORT: String(port), COCO_LABELS_PATH: "names.txt" });
const picture = { width: 600, height: 400, place: [3, 5] } as const;
let up: UpDocument;

/** 21 classes as the real weights have; what is light is class 7. */
beforeAll(async () => {
  writeFileSync(join(example.folder, "light.pth"), makeLightWeights({ classes: 21, kind: 7 }));
  // Numbers of categories have gaps; the class is the second.
  writeFileSync(join(example.folder, "names.txt"), "1,1,person\n2,2,bicycle\n8,7,delivery van\n");
});
afterAll(() => example[Symbol.asyncDispose]());

test("weights of another size than the project says are refused", async () => {
  const { status, stderr } = await example.run("up", "--weights", "light.pth", "--exit");
  expect(status).toBe(3);
  expect(stderr).toMatch(/its size is \d+ bytes, wanted 105151288 bytes/);
});

describe("with weights whose answers are known", () => {
  beforeAll(async () => {
    const path = join(example.folder, "slipway.config.ts");
    writeFileSync(path, readFileSync(path, "utf8").replace("size: 105_151_288,", ""));
    up = await example.up("--weights", "light.pth", "--detach");
  });

  test("they become an endpoint, at the port of the environment", () => {
    expect(up.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(
      ["data", "train", "gate", "artifact", "serve", "verify"].map((step) => `${step} done`),
    );
    expect(up.steps[1]!.facts["metrics"]).toEqual({ parameters: 26_285_486 });
    expect(up.url).toBe(`http://127.0.0.1:${port}`);
  });

  test("labels are the file's, scores are probabilities, boxes are in the picture's pixels", async () => {
    const { width, height, place } = picture;
    const answer = await send(drawLight(width, height, place));
    const { labels, scores, boxes } = (await answer.json()) as Found;
    expect([answer.status, labels, scores.map((score) => score > 0.99)]).toEqual([200, ["delivery van"], [true]]);
    expect(boxes).toEqual([near(boxOfLight(width, height, place))]);
  });

  test("boxes end at the picture's edge, and nothing is found where nothing is", async () => {
    const { boxes } = (await (await send(drawLight(300, 500, [0, 9]))).json()) as Found;
    expect(boxes).toEqual([near(boxOfLight(300, 500, [0, 9]))]);
    expect([boxes[0]![0], boxes[0]![3]]).toEqual([0, 500]);
    expect(await (await send(drawLight(300, 300, [-5, -5]))).json()).toEqual({ labels: [], scores: [], boxes: [] });
  });

  test.each([
    ["no login", undefined],
    ["a wrong password", "ugain:guess"],
    ["a wrong name", "admin:ugain"],
  ])("%s is a 401 that asks for one", async (_name, login) => {
    const answer = await send(drawLight(30, 30, [1, 1]), { login });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('Basic realm="detector", charset="UTF-8"');
  });

  test.each<[string, Uint8Array, number]>([
    ["half a picture", drawLight(300, 300, [1, 1]).subarray(0, 100), 422],
    ["nothing", new Uint8Array(), 400],
    ["a text", Buffer.from("a picture of a cat"), 415],
  ])("%s is refused", async (_name, content, status) => {
    const answer = await send(content);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
  });

  test("a bench wants pictures, since the project's data are weights", async () => {
    const { status, stderr } = await example.run("bench", "--seconds", "1");
    expect(status).toBe(2);
    expect(stderr).toContain("the data of detector are weights, and the endpoint is asked about images\n");
    expect(stderr).toContain("slipway bench picture.jpg\n");
    writeFileSync(join(example.folder, "light.png"), drawLight(60, 40, [1, 1]));
    const measured = await example.run("bench", "light.png", "--seconds", "1", "--connections", "2", "--json");
    expect(JSON.parse(measured.stdout)).toMatchObject({ wrong: 0, failed: 0 });
  });

  test("another field than `image` is a 400 that names it", async () => {
    const answer = await send(drawLight(30, 30, [1, 1]), { field: "file" });
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      400,
      expect.stringContaining("image"),
    ]);
  });
});

test("the labels beside the project are those that the weights go by", () => {
  const lines = readFileSync(join(example.folder, "labels.txt"), "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(20);
  expect([lines[0], lines[6], lines[19]]).toEqual(["1,1,aeroplane", "7,7,car", "20,20,tvmonitor"]);
});

interface Found {
  labels: string[];
  scores: number[];
  boxes: number[][];
}

/** To a pixel: halves are rounded either way. */
function near(box: readonly number[]): number[] {
  return box.map((corner) => expect.closeTo(corner, -0.35) as number);
}

function send(
  content: Uint8Array,
  { field = "image", ...given }: { field?: string; login?: string | undefined } = {},
): Promise<Response> {
  const login = "login" in given ? given.login : "ugain:ugain";
  const form = new FormData();
  form.append(field, new Blob([Buffer.from(content)]), "picture.png");
  const headers: Record<string, string> =
    login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  return fetch(`http://127.0.0.1:${port}/predict`, { method: "POST", body: form, headers });
}
