/** @file The example as its reader runs it, and as the callers of the service before it call: same paths, same fields, same answers. */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, copyExample, type UpDocument } from "../../test/example.ts";

const example = copyExample("intent");
let first: UpDocument;

beforeAll(async () => {
  first = await example.up();
});
afterAll(() => example[Symbol.asyncDispose]());

test("texts become a verified endpoint; a second time nothing is done again", async () => {
  expect(first.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(
    ["data", "train", "gate", "artifact", "serve", "verify"].map((step) => `${step} done`),
  );
  const { accuracy } = first.steps[1]!.facts["metrics"] as { accuracy: number };
  expect(accuracy).toBeGreaterThanOrEqual(0.8);
  expect(first.steps.at(-1)!.facts).toMatchObject({ count: 64, correct: Math.round(accuracy * 64) });

  const second = await example.up("--port", "0", "--exit");
  expect(second.digest).toBe(first.digest);
  const kept = second.steps.filter(({ outcome }) => outcome === "kept").map(({ step }) => step);
  expect(kept).toEqual(expect.arrayContaining(["train", "artifact"]));
});

describe("callers of the service before", () => {
  const predict = (body: unknown) => ask(`${first.url}/predict`, body);

  test("get the same answers, byte by byte", async () => {
    const raw = async (path: string, init?: RequestInit) => (await fetch(`${first.url}${path}`, init)).text();
    expect(await raw("/predict", { method: "POST", body: '{"text":"Hi"}' })).toBe('{"intent":"greeting"}');
    expect(await raw("/health")).toBe('{"status":"ok"}');
    const kserve = "/v1/models/intent-classifier:predict";
    expect(await raw(kserve, { method: "POST", body: '{"instances":["Hi"]}' })).toBe('{"predictions":["greeting"]}');
    expect(await raw(kserve, { method: "POST", body: '{"instances":[["Hi"]]}' })).toBe('{"predictions":["greeting"]}');
  });

  test("by whatever client: Flask's json, fetch's text, a chunked body", async () => {
    for (const type of [
      "application/json",
      "application/json; charset=utf-8",
      "text/plain",
      "application/octet-stream",
    ])
      expect((await ask(`${first.url}/predict`, { text: "Hi" }, { "content-type": type })).body).toEqual({
        intent: "greeting",
      });
    expect(await askInPieces(`${first.url}/predict`, ['{"te', 'xt":"H', 'i"}'])).toBe('{"intent":"greeting"}');
  });

  test.each([
    ["Where is my parcel?", "order_status"],
    ["will it RAIN tomorrow", "weather"],
    ["I'd like my money back, please!", "refund"],
    ["Could I talk to a human being?", "human"],
    ["thanks a lot 🙏", "thanks"],
  ])("%s → %s", async (text, intent) => {
    expect((await predict({ text })).body).toEqual({ intent });
  });

  test("many at once are each told their own", async () => {
    const texts = ["Hi", "Bye bye", "Where is my parcel?", "Thank you very much"];
    const intents = ["greeting", "goodbye", "order_status", "thanks"];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => predict({ text: texts[index % texts.length] })),
    );
    expect(answers.map(({ body }) => (body as { intent: string }).intent)).toEqual(
      answers.map((_, index) => intents[index % intents.length]),
    );
  });
});

describe("odd texts have an answer that can be relied on", () => {
  const whole = async (text: string) => {
    const { status, body } = await ask(`${first.url}/playground/predict`, { text });
    expect(status).toBe(200);
    return body as { label: string; probabilities: Record<string, number> };
  };

  test("without a known word, the labels' shares decide: all are alike here, so the first label", async () => {
    for (const text of ["", "   ", "xyzzy plugh", "日本語のテキスト", "😀😀", "\u0000", "\ud800", "a b c", "!?"]) {
      const { label, probabilities } = await whole(text);
      expect(label).toBe("goodbye");
      for (const share of Object.values(probabilities)) expect(share).toBeCloseTo(1 / 8, 6);
    }
  });

  test("unknown words change nothing about the known ones", async () => {
    const known = await whole("parcel");
    expect(await whole("xyzzy parcel 日本語")).toEqual(known);
    expect(await whole("PARCEL")).toEqual(known);
    expect(known.label).toBe("order_status");
  });

  test("letters with marks belong to their words, and upper and lower case are one", async () => {
    expect((await whole("Tschüss")).label).toBe("goodbye");
    expect((await whole("TSCHÜSS")).label).toBe("goodbye");
    expect((await whole("Grüezi mitenand")).label).toBe("greeting");
  });

  test("a megabyte of text is read to its end; more is refused and says how much is allowed", async () => {
    const filler = "word ".repeat(209_000);
    expect((await ask(`${first.url}/predict`, { text: `${filler} parcel` })).body).toEqual({ intent: "order_status" });
    const tooLong = await ask(`${first.url}/predict`, { text: filler.repeat(2) });
    expect(tooLong).toMatchObject({ status: 413, body: { code: "SLIPWAY_SERVE_TEXT_TOO_LONG" } });
  });

  test.each<[string, unknown, string]>([
    ["no text", {}, "text is missing; wanted a text"],
    ["a number", { text: 7 }, "text is 7; wanted a text"],
    ["null", { text: null }, "text is null; wanted a text"],
    ["no JSON", "text=Hi", "the body is no JSON"],
  ])("%s is a 400 that says what was wanted", async (_name, body, detail) => {
    const answer = await ask(`${first.url}/predict`, body);
    expect(answer).toMatchObject({ status: 400, type: expect.stringContaining("application/problem+json") as string });
    expect((answer.body as { detail: string }).detail).toContain(detail);
  });
});

test("the README shows what is so", () => {
  const read = (name: string) => readFileSync(join(example.folder, name), "utf8");
  const { accuracy } = first.steps[1]!.facts["metrics"] as { accuracy: number };
  const { digest } = JSON.parse(read("slipway.lock.json")) as { digest: string };
  expect(read("README.md")).toContain(`320 texts, 8 labels · ${digest.slice(0, "sha256:".length + 12)}…`);
  expect(read("README.md")).toContain(`accuracy ${Number(accuracy.toFixed(4))} on 64 validation texts`);
});

function askInPieces(url: string, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method: "POST", headers: { "content-type": "application/json" } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.once("end", () => resolve(text));
    });
    asking.once("error", reject);
    for (const piece of pieces) asking.write(piece);
    asking.end();
  });
}
