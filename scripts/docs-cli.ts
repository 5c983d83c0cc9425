/** @file Writes docs/cli.md from the commands; src/cli/docs.test.ts holds it current. */
import { writeFileSync } from "node:fs";
import { renderCliDocs } from "../src/cli/docs.ts";

writeFileSync(new URL("../docs/cli.md", import.meta.url), await renderCliDocs());
