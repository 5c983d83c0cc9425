import { expect, test } from "vitest";
import { bars, barsConfig, openFixture } from "./_fixture.ts";
import { openConsole } from "./server.ts";

const page = { html: "", policy: "" };

test("a named port that is taken is refused with its holder; without one, the next of the usual ports is taken", async () => {
  await using at = await openFixture({ "slipway.config.ts": barsConfig, ...bars });
  const { root } = at;
  await expect(openConsole({ root, page, port: at.console.port })).rejects.toMatchObject({
    code: "SLIPWAY_DEPLOY_PORT_IN_USE",
  });
  // At the same moment, too.
  const both = await Promise.all([openConsole({ root, page }), openConsole({ root, page })]);
  const ports = both.map(({ port }) => port);
  await Promise.all(both.map((opened) => opened.close()));
  expect(new Set(ports).size).toBe(2);
});

test("a folder without a project is refused before anything listens", async () => {
  await expect(openConsole({ root: "/", page, port: 0 })).rejects.toMatchObject({ code: "SLIPWAY_PROJECT_NOT_FOUND" });
});

test("an end cuts connections that wait, and twice is once", async () => {
  await using at = await openFixture({ "slipway.config.ts": barsConfig, ...bars });
  expect((await fetch(`${at.url}/api/project`)).status).toBe(200);
  await at.console.close();
  await at.console.close();
  await expect(fetch(`${at.url}/api/project`)).rejects.toThrow("fetch failed");
});
