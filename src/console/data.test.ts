import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../data/open.ts";
import { idx } from "../data/index.ts";
import { lockDataset } from "../data/status.ts";
import type { ImageFolderSource } from "../data/types.ts";
import { grey, makeJpeg, withOrientation } from "../pixels/_fixtures.ts";
import { decodeImage } from "../pixels/decode.ts";
import { readImageHeader } from "../pixels/header.ts";
import { loadProject } from "../project/load.ts";
import { requireTraining } from "../project/training.ts";
import { bars, barsConfig, drawBar, openFixture, readProblem, textConfig, texts, type Fixture } from "./_fixture.ts";
import { dataAnswer } from "./api.ts";
import { pictureUnknown, requestInvalid } from "./errors.ts";
import { readPicture } from "./pictures.ts";

async function open(files: Readonly<Record<string, Uint8Array | string>>): Promise<Fixture> {
  const fixture = await openFixture(files);
  onTestFinished(() => fixture[Symbol.asyncDispose]());
  return fixture;
}

const openBars = (): Promise<Fixture> => open({ "slipway.config.ts": barsConfig, ...bars });

async function lock(root: string): Promise<void> {
  const { definition } = await loadProject(root);
  lockDataset(await openDataset(requireTraining(definition).data, { root }), root);
}

describe("the dataset and its lock", () => {
  test("before a lock, with it, and after a change: which files, and how many of each label", async () => {
    const at = await openBars();
    const unlocked = await at.get("/api/data", dataAnswer);
    expect(unlocked).toMatchObject({
      count: 48,
      unit: "image",
      folder: join(at.root, "data"),
      labels: [
        { label: "lying", count: 24 },
        { label: "upright", count: 24 },
      ],
      lock: { state: "unlocked", differences: 0, files: [], lines: [] },
      warnings: [],
    });
    await lock(at.root);
    const locked = await at.get("/api/data", dataAnswer);
    expect(locked.lock).toMatchObject({ state: "same", digest: unlocked.digest, count: 48 });

    renameSync(join(at.root, "data/lying/3.png"), join(at.root, "data/upright/x.png"));
    rmSync(join(at.root, "data/lying/4.png"));
    at.write("data/lying/5.png", drawBar(1, 77));
    const differs = await at.get("/api/data", dataAnswer);
    expect(differs.labels).toEqual([
      { label: "lying", count: 22, locked: 24 },
      { label: "upright", count: 25, locked: 24 },
    ]);
    expect(differs.lock).toMatchObject({ state: "differs", digest: unlocked.digest, differences: 3 });
    expect(differs.lock.files).toEqual([
      { what: "relabelled", path: "lying/3.png", to: "upright/x.png" },
      { what: "changed", path: "lying/5.png" },
      { what: "removed", path: "lying/4.png" },
    ]);
    expect(differs.lock.lines.join("\n")).toContain("1 image moved from label lying to upright");
  });

  test("data with a fault are a problem that says which", async () => {
    const at = await openBars();
    at.write("data/lying/broken.png", "no picture");
    const answer = await at.ask("/api/data");
    expect(answer.status).toBe(500);
    expect(readProblem(answer).message).toContain("lying/broken.png");
  });

  test("texts have labels and a lock; what cannot be audited is said", async () => {
    const at = await open({ "slipway.config.ts": textConfig, "talk.jsonl": texts });
    const found = await at.get("/api/data", dataAnswer);
    expect(found).toMatchObject({ unit: "text", count: 4, unauditable: { code: "SLIPWAY_DATA_AUDIT_KIND" } });
    expect((await at.ask("/api/pictures?path=talk.jsonl")).status).toBe(404);
  });

  test("a project without data says so", async () => {
    const at = await open({
      "slipway.config.ts": `import { defineProject, json } from "slipway";
        const route = { input: json((body) => body), handle: ({ input }) => ({ score: input }) };
        export default defineProject({ name: "api", serve: { routes: { "POST /score": route } } });`,
    });
    expect(readProblem(await at.ask("/api/data")).code).toBe("SLIPWAY_PROJECT_TRAINS_NOTHING");
  });
});

describe("pictures", () => {
  let at: Fixture;
  beforeAll(async () => {
    at = await openFixture({ "slipway.config.ts": barsConfig, "secret.png": drawBar(0, 1), ...bars });
  });
  afterAll(() => at[Symbol.asyncDispose]());

  test("a listed one comes as it lies there", async () => {
    const answer = await fetch(`${at.url}/api/pictures?path=lying/7.png`);
    expect(answer.headers.get("content-type")).toBe("image/png");
    expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(readFileSync(join(at.root, "data/lying/7.png")));
  });

  test.each([
    "../slipway.config.ts",
    "..%2fslipway.config.ts",
    "%2e%2e/slipway.config.ts",
    "lying/../../slipway.config.ts",
    "lying/../upright/0.png",
    "./lying/0.png",
    "lying//0.png",
    "/etc/passwd",
    "lying/0.png%00",
    "lying%5c0.png",
    "LYING/0.png",
    "lying",
    "..%252fslipway.config.ts",
    "constructor",
    "__proto__",
  ])("%s is none of them", async (path) => {
    const answer = await at.ask(`/api/pictures?path=${path}`);
    expect({ status: answer.status, code: readProblem(answer).code }).toEqual({
      status: 404,
      code: pictureUnknown.code,
    });
  });

  test("no path, or two, are no question", async () => {
    for (const query of ["", "?path=", "?path=lying/0.png&path=lying/1.png"])
      expect(readProblem(await at.ask(`/api/pictures${query}`)).code).toBe(requestInvalid.code);
  });

  test("a link to elsewhere that took a file's place since is not followed; a file that is gone is gone", async () => {
    await using own = await openFixture({ "slipway.config.ts": barsConfig, "secret.png": drawBar(0, 1), ...bars });
    await own.get("/api/data", dataAnswer);
    rmSync(join(own.root, "data/lying/0.png"));
    symlinkSync(join(own.root, "secret.png"), join(own.root, "data/lying/0.png"));
    rmSync(join(own.root, "data/lying/1.png"));
    for (const name of ["0", "1"]) expect((await own.ask(`/api/pictures?path=lying/${name}.png`)).status).toBe(404);
    // What came since is not listed either, until the data are read again.
    own.write("data/lying/new.png", drawBar(1, 99));
    expect((await own.ask("/api/pictures?path=lying/new.png")).status).toBe(404);
  });

  test("large ones are made small for cards, upright, and are whole otherwise", async () => {
    const noisy = grey(600, 300, (x, y) => (x * 31 + y * 17 + ((x * y) % 7) * 30) % 256);
    const photo = withOrientation(makeJpeg(noisy), 6);
    expect(photo.length).toBeGreaterThan(32 * 1024);
    at.write("data/lying/photo.jpg", photo);
    const { definition } = await loadProject(at.root);
    const source = { ...(requireTraining(definition).data as ImageFolderSource), otherSizes: "resize" as const };
    const dataset = await openDataset(source, { root: at.root });
    rmSync(join(at.root, "data/lying/photo.jpg"));
    expect(await readPicture(dataset, "lying/photo.jpg", 160)).toBe(undefined);
    at.write("data/lying/photo.jpg", photo);
    const shrunk = await readPicture(dataset, "lying/photo.jpg", 160);
    expect(shrunk?.type).toBe("image/png");
    // Turned by its EXIF orientation.
    expect(readImageHeader(shrunk!.bytes)).toMatchObject({ width: 80, height: 160, channels: 3 });
    expect((await readPicture(dataset, "lying/photo.jpg"))?.bytes).toEqual(Buffer.from(photo));
    expect((await readPicture(dataset, "lying/0.png", 16))?.bytes).toEqual(Buffer.from(bars["data/lying/0.png"]!));
    at.write("data/lying/photo.jpg", photo.subarray(0, 40_000));
    expect((await readPicture(dataset, "lying/photo.jpg", 160))?.bytes.length).toBe(40_000);
    rmSync(join(at.root, "data/lying/photo.jpg"));
  });

  test("rows of an IDX file are drawn", async () => {
    const images = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]), Buffer.alloc(12, 9)]);
    images[16] = 200;
    writeFileSync(join(at.root, "images.idx"), images);
    writeFileSync(join(at.root, "labels.idx"), Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 0, 1]));
    const dataset = await openDataset(idx({ images: "images.idx", labels: "labels.idx" }), { root: at.root });
    const drawn = await readPicture(dataset, dataset.entries[0]!.path);
    expect(drawn?.type).toBe("image/png");
    const pixels = decodeImage(drawn!.bytes, { height: 2, width: 3, channels: 1, otherSizes: "refuse" });
    expect([...pixels]).toEqual([200, 9, 9, 9, 9, 9]);
  });
});
