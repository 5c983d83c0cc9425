import { expect, test } from "vitest";
import { sampleContent } from "../artifact/fixtures/sample.ts";
import { packArtifact } from "../artifact/manifest.ts";
import { digestOf } from "../base/digest.ts";
import { readSettings } from "../serve/settings.ts";
import { epochInvalid } from "./errors.ts";
import { describeRun, describeTraining, readCreated } from "./settings.ts";

const model = packArtifact(sampleContent()).artifact;
const described = { name: "digits", port: 8080, codeDigest: digestOf("code"), version: "0.1.0", model };

test("the server's own settings come out of the image's environment", () => {
  const { Env = [] } = describeRun(described);
  const environment = Object.fromEntries(Env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
  expect(readSettings(environment)).toMatchObject({
    app: "/app/app.mjs",
    place: { store: "/app/store", registry: undefined, cache: undefined },
    model: `digits@${model.digest}`,
    host: "0.0.0.0",
    port: 8080,
  });
  expect(environment).toMatchObject({ NODE_ENV: "production", ORT_DISABLE_TELEMETRY: "1" });
});

test("it runs as nobody's account, and says where it comes from", () => {
  expect(describeRun(described)).toMatchObject({
    User: "65532:65532",
    WorkingDir: "/app",
    Entrypoint: ["/usr/local/bin/node", "/app/server.js"],
    Cmd: [],
    ExposedPorts: { "8080/tcp": {} },
    StopSignal: "SIGTERM",
    Labels: {
      "org.opencontainers.image.title": "digits",
      "org.opencontainers.image.version": model.digest.slice(7, 19),
      "dev.slipway.version": "0.1.0",
      "dev.slipway.code.digest": digestOf("code"),
      "dev.slipway.model": "digits",
      "dev.slipway.model.digest": model.digest,
      "dev.slipway.dataset.digest": model.lineage.dataset.digest,
    },
  });
});

test("without a model, the server is told nothing of one", () => {
  const run = describeRun({ ...described, model: undefined });
  expect(run.Env?.some((line) => line.startsWith("SLIPWAY_MODEL="))).toBe(false);
  expect(Object.keys(run.Labels ?? {})).not.toContain("dev.slipway.model.digest");
});

test.each([
  [undefined, "1970-01-01T00:00:00Z"],
  ["", "1970-01-01T00:00:00Z"],
  ["0", "1970-01-01T00:00:00Z"],
  ["1795219200", "2026-11-21T00:00:00Z"],
])("SOURCE_DATE_EPOCH %j makes it %s", (epoch, created) => {
  expect(readCreated({ SOURCE_DATE_EPOCH: epoch })).toBe(created);
});

test.each(["yesterday", "-1", "1.5", "99999999999999"])("SOURCE_DATE_EPOCH %j is refused", (epoch) => {
  expect(() => readCreated({ SOURCE_DATE_EPOCH: epoch })).toThrow(epochInvalid({ seen: epoch }));
});

test("a trainer's image says what to train, and where the project's own files are", () => {
  const { Entrypoint, Env = [] } = describeTraining(described, true);
  expect(Entrypoint).toEqual(["/usr/local/bin/node", "/app/dist/job.js"]);
  const environment = Object.fromEntries(Env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
  expect(environment).toMatchObject({ SLIPWAY_APP: "/app/app.mjs", SLIPWAY_ROOT: "/app/project" });
  expect(environment["SLIPWAY_CODE"]).toBe(described.codeDigest);
  expect(describeTraining(described, false).Env?.join()).not.toContain("SLIPWAY_ROOT");
});
