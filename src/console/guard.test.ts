import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bars, barsConfig, openFixture, readProblem, type Fixture } from "./_fixture.ts";
import { hostRefused, originRefused, requestInvalid } from "./errors.ts";
import { projectAnswer } from "./api.ts";

let at: Fixture;
beforeAll(async () => {
  at = await openFixture({ "slipway.config.ts": barsConfig, ...bars });
});
afterAll(() => at[Symbol.asyncDispose]());

test("it listens on loopback alone", () => {
  expect(at.url).toBe(`http://127.0.0.1:${at.console.port}`);
});

describe("names", () => {
  test.each(["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost:4711"])("%s is this machine", async (host) => {
    expect((await at.ask("/api/project", { host })).status).toBe(200);
  });

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "evil.example:5050",
    "10.0.0.1",
    "localhost:x",
  ])("%s is refused, with the address to open", async (host) => {
    const answer = await at.ask("/api/project", { host });
    expect({ status: answer.status, code: readProblem(answer).code }).toEqual({ status: 403, code: hostRefused.code });
    expect(readProblem(answer).mend).toContain(at.url);
    expect((await at.ask("/", { host })).status).toBe(403);
  });
});

describe("origins", () => {
  const order = { "content-type": "application/json" };

  test.each([
    undefined,
    "null",
    "http://evil.example",
    "https://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:1",
  ])("a POST from %s changes nothing", async (origin) => {
    const answer = await at.ask("/api/audit", { ...order, ...(origin !== undefined && { origin }) }, "{}");
    expect({ status: answer.status, code: readProblem(answer).code }).toEqual({
      status: 403,
      code: originRefused.code,
    });
    expect(JSON.parse((await at.ask("/api/audit")).text)).toEqual({ job: { state: "idle" } });
  });

  test.each(["cross-site", "same-site"])("what a %s page embeds gets nothing", async (site) => {
    for (const path of ["/api/project", "/api/pictures?path=lying/0.png"])
      expect((await at.ask(path, { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" })).status).toBe(403);
    // A link to the page may be followed from anywhere.
    expect((await at.ask("/", { "sec-fetch-site": site, "sec-fetch-mode": "navigate" })).status).toBe(200);
  });

  test("the page's own requests are answered", async () => {
    const own = { origin: at.url, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
    expect((await at.ask("/api/project", own)).status).toBe(200);
  });

  test("nobody is given leave to read across origins", async () => {
    const answer = await at.ask("/api/project");
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(answer.headers).toMatchObject({
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cache-control": "no-store",
    });
    expect(await preflight(at)).toBe(403);
  });
});

describe("requests", () => {
  test.each([
    ["no JSON", "{", "application/json"],
    ["another type", "{}", "text/plain"],
    ["a form", "folds=2", "application/x-www-form-urlencoded"],
    ["one fold", '{"folds":1}', "application/json"],
    ["an unknown word", '{"fold":2}', "application/json"],
    ["a list", "[]", "application/json"],
    ["too much", JSON.stringify({ folds: "2".repeat(20_000) }), "application/json"],
  ])("%s is refused as such", async (_what, body, type) => {
    const answer = await at.ask("/api/audit", { origin: at.url, "content-type": type }, body);
    expect({ status: answer.status, code: readProblem(answer).code }).toEqual({
      status: 400,
      code: requestInvalid.code,
    });
  });

  test("an unknown path is a problem too", async () => {
    const answer = await at.ask("/api/projects");
    expect(answer.status).toBe(404);
    expect(readProblem(answer).message).toBe("there is no GET /api/projects here");
  });

  test("the project is told as its file has it, also after an edit", async () => {
    expect(await at.get("/api/project", projectAnswer)).toEqual({
      name: "bars",
      root: at.root,
      trains: true,
      source: "imageFolder",
      trainer: "sequential",
    });
    at.write("slipway.config.ts", barsConfig.replace('"bars"', '"beams"'));
    expect((await at.get("/api/project", projectAnswer)).name).toBe("beams");
    at.write("slipway.config.ts", "export default");
    const broken = await at.ask("/api/project");
    expect(broken.status).toBe(500);
    expect(readProblem(broken).code).toBe("SLIPWAY_PROJECT_SYNTAX");
    at.write("slipway.config.ts", barsConfig);
  });
});

/** What a browser asks before a request that another page may not make unasked. */
function preflight({ url }: Fixture): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { origin: "http://evil.example", "access-control-request-method": "POST" };
    const asking = request(`${url}/api/audit`, { method: "OPTIONS", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on("error", reject);
    asking.end();
  });
}
