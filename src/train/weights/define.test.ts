import { expect, test } from "vitest";
import { trainerInvalid } from "../errors.ts";
import { ssd300, weights, type WeightsOptions } from "./define.ts";

const network = ssd300();
const digest = "A".repeat(64);

test("gives plain data with every default filled in", () => {
  expect(weights({ file: "ssd.pth", network })).toEqual({
    kind: "weights",
    source: { kind: "file", role: "weights", path: "ssd.pth", size: undefined, digest: undefined },
    network: { kind: "ssd300", labels: [], classes: 0, priors: "auto" },
    key: "",
    prefix: undefined,
    parameters: {},
    seed: 0,
    validation: 0,
  });
  const { source } = weights({ url: "https://example.org/ssd.pth", sha256: digest, size: 5, network });
  expect(source).toMatchObject({ path: "https://example.org/ssd.pth", digest: `sha256:${"a".repeat(64)}`, size: 5 });
  expect(weights({ file: "a", sha256: `sha256:${digest}`, network }).source.digest).toBe(`sha256:${"a".repeat(64)}`);
});

test.each<[Partial<WeightsOptions>, string]>([
  [{}, "file and url are missing, wanted one of them"],
  [{ file: "a", url: "https://example.org/a" }, "file and url are both there"],
  [{ file: "https://example.org/a" }, "wanted a path, or `url` for an address"],
  [{ url: "s3://bucket/a" }, "wanted an http or https address"],
  [{ file: "a", sha256: "abc" }, "wanted 64 hex digits"],
  [{ file: "a", size: 0 }, "size is 0"],
  [{ file: "a", parameters: { when: new Date(0) } }, "wanted an object of JSON values"],
  [{ file: "a", netwrok: network } as Partial<WeightsOptions>, "`network`, perhaps"],
])("refuses %j", (options, fault) => {
  expect(() => weights({ network, ...options })).toThrow(
    expect.objectContaining({ code: trainerInvalid.code, message: expect.stringContaining(fault) }),
  );
});

test("refuses a network that is none, and one of wrong settings", () => {
  expect(() => weights({ file: "a" } as WeightsOptions)).toThrow("network is missing");
  expect(() => weights({ file: "a", network: "ssd300" as never })).toThrow("wanted a network such as ssd300()");
  expect(() => ssd300({ labels: [] })).toThrow("wanted a list of names");
  expect(() => ssd300({ classes: 1 })).toThrow("classes is 1");
  expect(() => ssd300({ priors: "mine" as never })).toThrow('wanted "voc" or "coco"');
});
