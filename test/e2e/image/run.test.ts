import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inspectImage } from "../../../src/image/inspect.ts";
import { markedImage } from "../../../src/serve/_fixture.ts";
import { openWorkshop } from "./build.ts";
import { start, unpack, whyNot } from "./chroot.ts";

const reason = whyNot();

describe.skipIf(reason !== undefined)(
  `the image runs by itself${reason === undefined ? "" : ` (not here: ${reason})`}`,
  () => {
    test("from nothing but its layers, as nobody, on a read-only root: it answers, and ends cleanly", async () => {
      const { build, folder } = await openWorkshop();
      const image = await build(3);
      const root = join(folder, "root");
      await unpack(image, root);
      const server = await start(image, root, { HOST: "127.0.0.1", PORT: "0", SLIPWAY_ANNOUNCE: "1" });
      const url = `http://127.0.0.1:${server.port}`;

      for (const place of [0, 4, 8]) {
        const form = new FormData();
        form.append("file", new Blob([Buffer.from(markedImage(place))]));
        const answer = await fetch(`${url}/predict`, { method: "POST", body: form });
        expect(await answer.json()).toEqual({ prediction: (place + 3) % 10 });
        expect(answer.headers.get("x-model-digest")).toBe(image.config.config.Labels?.["dev.slipway.model.digest"]);
      }
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect(await (await fetch(url)).text()).toContain("<!doctype html>");
      expect(await server.terminate()).toBe(0);
      // Nothing warned: no missing library, no telemetry, no file that could not be written.
      expect(server.log()).toBe("");
    });
  },
);

describe.runIf(process.platform === "linux")("the image of a project", () => {
  test("is at most 80 MB to pull, and a new model makes the model's layer new, and no other", async () => {
    const { build } = await openWorkshop();
    const [before, after] = [await build(1), await build(2)];
    expect(inspectImage(before).size).toBeLessThan(80e6);
    expect(before.layers.map(({ name }) => name)).toEqual(["base", "node", "runtime", "app", "model"]);
    const changed = after.layers.filter(
      ({ descriptor }, index) => descriptor.digest !== before.layers[index]?.descriptor.digest,
    );
    expect(changed.map(({ name }) => name)).toEqual(["model"]);
  });

  test("has the same digest from another folder, another cache and another time zone", async () => {
    const [one, two] = [await openWorkshop(), await openWorkshop()];
    const first = await one.build(1);
    const zone = process.env["TZ"];
    process.env["TZ"] = "Pacific/Chatham";
    try {
      const second = await two.build(1, { cache: join(two.folder, "cold") });
      expect(inspectImage(second)).toEqual(inspectImage(first));
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  test("holds no path and no name of this machine", async () => {
    const { build, folder, project } = await openWorkshop();
    const image = await build(1);
    const root = join(folder, "root");
    await unpack(image, root);
    for (const path of [project.root, process.cwd()]) {
      // Native parts keep the paths of where their makers built them, which may be any.
      const natives = [
        "--exclude-dir=lib",
        "--exclude-dir=lib64",
        "--exclude=node",
        "--exclude=*.so.1",
        "--exclude=*.node",
      ];
      const { stdout } = spawnSync("grep", ["-rlF", ...natives, path, root], { encoding: "utf8" });
      expect(stdout).toBe("");
    }
  });
});
