import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exitCodes } from "../base/errors.ts";
import { renderCliDocs } from "./docs.ts";

const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

test("docs/cli.md is what the commands say (else: node scripts/docs-cli.ts)", async () => {
  expect(page).toBe(await renderCliDocs());
});

test("every exit code is documented", () => {
  for (const code of Object.values(exitCodes)) expect(page).toContain(`\n| ${code} | `);
});
