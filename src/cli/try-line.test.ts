import { expect, test } from "vitest";
import { basic, image } from "../index.ts";
import type { Dataset } from "../data/types.ts";
import { writeCurl } from "./try-line.ts";

const url = "http://127.0.0.1:5000";
const dataset: Dataset = {
  kind: "file",
  source: { kind: "file", role: "weights", path: "net.pth", size: undefined, digest: undefined },
  path: "/p/net.pth",
  folder: "/p",
  digest: `sha256:${"0".repeat(64)}`,
  labels: ["weights"],
  entries: [],
  warnings: [],
};
const data = { dataset, split: { train: new Int32Array(), validation: new Int32Array() } };
const routes = { "POST /predict": { input: { image: image() } } };

test("asks by the project's own route", () => {
  const line = writeCurl(
    { definition: { name: "a", serve: { routes } } },
    { url, data, words: "--resolve a:80:1.2.3.4 " },
  );
  expect(line).toBe("curl --resolve a:80:1.2.3.4 -F image=@picture.jpg http://127.0.0.1:5000/predict");
});

test("names whom to log in as, and never the password", () => {
  const write = (auth: ReturnType<typeof basic>, of: typeof data | undefined = data) =>
    writeCurl({ definition: { name: "a", serve: { routes, auth } } }, { url, data: of });
  const fallback = { username: "ugain", password: "secret" };
  expect(write(basic({ fallback }))).toBe("curl -u ugain -F image=@picture.jpg http://127.0.0.1:5000/predict");
  expect(write(basic())).toBe("curl -u name -F image=@picture.jpg http://127.0.0.1:5000/predict");
  expect(writeCurl({ definition: { name: "a", serve: { auth: basic() } } }, { url, data: undefined })).toBe(
    "curl -u name http://127.0.0.1:5000/docs",
  );
});
