import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { collectTrainer } from "./trainer.ts";

const source = fileURLToPath(new URL("../../", import.meta.url));

test("every file that a training starts or reads by its place is in the image", async () => {
  const wanted = globSync(["train/**/*.ts", "kernels/*.ts"], {
    cwd: source,
    exclude: (path) => path.endsWith(".test.ts"),
  }).flatMap((path) =>
    [...readFileSync(`${source}/${path}`, "utf8").matchAll(/locate\(import\.meta\.url, "[^"]+", "([^"]+)"\)/g)].map(
      ([, built]) => `app/dist/${built}`,
    ),
  );
  const paths = (await collectTrainer()).map(({ path }) => path);
  expect(wanted.length).toBeGreaterThan(1);
  expect(paths.toSorted()).toEqual([...new Set(wanted), "app/dist/job.js"].toSorted());
});
