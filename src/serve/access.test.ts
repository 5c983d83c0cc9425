/** @file Who may ask, and who may change what is served. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readLogin, writeLogin } from "../http/basic.ts";
import { createLog } from "../http/log.ts";
import { basic } from "../project/route.ts";
import { createStore, markedImage, project, putTurnedModel, sendRaw } from "./_fixture.ts";
import { getJson, postJson, serveForTest } from "./_models.ts";
import { findOwnLogin, openCredentials } from "./credentials.ts";
import { credentialsMissing } from "./errors.ts";
import { createServer } from "./server.ts";

const hello = { name: "hello", serve: { routes: { "GET /hi": { handle: () => "hi" } }, auth: basic() } };
const env = { SECRET_USERNAME: "ugain", SECRET_PASSWORD: "gänse:2" };
const loginOf = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
});
const login = loginOf("ugain", "gänse:2");
const log = createLog("silent");

describe("a login", () => {
  test("is wanted everywhere but at the probes", async () => {
    const { url } = await serveForTest(undefined, hello, { env });
    for (const path of [
      "/hi",
      "/",
      "/docs",
      "/openapi.json",
      "/refresh",
      "/nowhere",
      "/metrics/",
      "//metrics",
      "/%6Detrics",
    ]) {
      const refused = await getJson(url + path);
      expect([path, refused.status]).toEqual([path, 401]);
      expect(refused.headers.get("www-authenticate")).toBe(`Basic realm="hello", charset="UTF-8"`);
      expect(refused.body).toMatchObject({ code: "SLIPWAY_SERVE_UNAUTHORIZED" });
    }
    for (const path of ["/healthz", "/livez", "/readyz", "/metrics"])
      expect((await fetch(url + path)).status).toBe(200);
    expect((await getJson(`${url}/hi`, login)).body).toBe("hi");
    expect((await getJson(`${url}/hi`, { authorization: login.authorization.replace("Basic", "bAsIc") })).body).toBe(
      "hi",
    );
  });

  test("that is wrong is refused, after a moment", async () => {
    const { url } = await serveForTest(undefined, hello, { env });
    const wrong = [
      ["ugain", "wrong"],
      ["", ""],
      ["ugain", "gänse:2 "],
      ["UGAIN", "gänse:2"],
    ] as const;
    for (const [name, password] of wrong)
      expect([name, password, (await getJson(`${url}/hi`, loginOf(name, password))).status]).toEqual([
        name,
        password,
        401,
      ]);
    for (const authorization of ["Basic", "Basic !!", "Bearer x", "Basic dWdhaW4=", `Digest ${login.authorization}`])
      expect((await getJson(`${url}/hi`, { authorization })).status).toBe(401);
  });

  test("guards uploads before they are read, and protocols in their own words", async () => {
    const { port, url } = await serveForTest(undefined, hello, { env });
    const answer = await sendRaw(port, ["POST /hi HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"]);
    expect(answer.status).toBe(401);
    expect(await postJson(`${url}/v2/models/x/infer`, {})).toMatchObject({
      status: 401,
      body: { error: expect.stringContaining("no name and password") as string },
    });
  });

  test("that keeps failing is not tried any more for a while, while others go on", async () => {
    const { url } = await serveForTest(undefined, hello, { env });
    const wrong = Array.from({ length: 130 }, () => fetch(`${url}/hi`, { headers: loginOf("ugain", "guess") }));
    await Promise.race(wrong);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const statuses = (await Promise.all(wrong)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.filter((status) => status === 401)).toHaveLength(100);
    const late = await getJson(`${url}/hi`, loginOf("ugain", "guess"));
    expect([late.status, late.headers.get("retry-after")]).toEqual([429, "60"]);
  });
});

describe("credentials", () => {
  test("come from a mounted folder, else from the environment, else from the project, else nothing starts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-secret-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    expect(() => openCredentials(basic({ folder }), {}, log)).toThrow(
      expect.objectContaining({ code: credentialsMissing.code }) as Error,
    );
    expect(() => openCredentials(basic(), { SECRET_USERNAME: "a" }, log)).toThrow(/SECRET_USERNAME, SECRET_PASSWORD/);
    await Promise.all([writeFile(join(folder, "username"), "ada\n"), writeFile(join(folder, "password"), "pa ss\n")]);
    const mounted = openCredentials(basic({ folder }), env, log);
    expect([mounted.isLogin("ada", "pa ss"), mounted.isLogin("ugain", "gänse:2")]).toEqual([true, false]);
    mounted.close();
    const named = openCredentials(basic({ env: { username: "U", password: "P" } }), { U: "x", P: "y" }, log);
    expect(named.isLogin("x", "y")).toBe(true);
    const fallback = openCredentials(basic({ fallback: { username: "ugain", password: "ugain" } }), {}, log);
    expect([fallback.isLogin("ugain", "ugain"), fallback.isLogin("ugain", "")]).toEqual([true, false]);
  });
});

describe("/refresh", () => {
  const forwarded = { "x-forwarded-for": "192.0.2.7" };

  test("is open to this machine alone where nothing is set", async () => {
    const { url } = await serveForTest(undefined, { name: "hello", serve: { predict: () => [] } });
    // Allowed, and then there is no model to refresh.
    expect(await getJson(`${url}/refresh`)).toMatchObject({ body: { code: "SLIPWAY_SERVE_MODEL_ABSENT" } });
    expect(await getJson(`${url}/refresh`, forwarded)).toMatchObject({
      status: 403,
      body: { code: "SLIPWAY_SERVE_CONTROL_CLOSED" },
    });
    expect(await getJson(`${url}//refresh`)).toMatchObject({ status: 404 });
  });

  test("takes the token where one is set, and nothing else", async () => {
    const { url } = await serveForTest(
      undefined,
      { name: "hello", serve: { predict: () => [] } },
      { controlToken: "t0ken" },
    );
    expect((await getJson(`${url}/refresh`)).status).toBe(403);
    expect((await getJson(`${url}/refresh`, { authorization: "Bearer t0ken2" })).status).toBe(403);
    expect(await getJson(`${url}/refresh`, { authorization: "Bearer t0ken" })).toMatchObject({
      body: { code: "SLIPWAY_SERVE_MODEL_ABSENT" },
    });
  });

  test("takes a login, or the token without one", async () => {
    const { url } = await serveForTest(undefined, hello, { env, controlToken: "t0ken" });
    for (const headers of [login, { ...login, ...forwarded }, { authorization: "Bearer t0ken" }])
      expect(await getJson(`${url}/refresh`, headers)).toMatchObject({ body: { code: "SLIPWAY_SERVE_MODEL_ABSENT" } });
    expect((await getJson(`${url}/refresh`)).status).toBe(401);
  });
});

test("a project's image routes want the login too, by the short way and by the router's", async () => {
  const stores = await createStore();
  await putTurnedModel(stores.store, 0);
  const server = await createServer({
    project: { ...project, serve: { ...project.serve, auth: basic() } },
    source: stores.store,
    port: 0,
    threads: 1,
    log,
    env,
  });
  const upload = (path: string, headers: Record<string, string> = {}) => {
    const form = new FormData();
    form.append("file", new Blob([Buffer.from(markedImage(4))]));
    return fetch(server.url + path, { method: "POST", body: form, headers });
  };
  for (const path of ["/predict", "/predict?x=1"]) {
    expect((await upload(path)).status).toBe(401);
    expect(await (await upload(path, login)).json()).toEqual({ prediction: 4 });
  }
  await server.close();
  await stores.remove();
});

describe("our own questions to a server that wants a login", () => {
  const auth = basic({ folder: "/run/login", fallback: { username: "a", password: "b" } });
  const absent = (): never => {
    throw new Error("no such file");
  };

  test("log in by the mounted Secret, else the environment, else the fallback, as the server reads them", () => {
    const mounted = (path: string): string => (path === "/run/login/username" ? "ugain\n" : "gänse:2\n");
    expect(findOwnLogin(auth, env, mounted)).toEqual({ name: "ugain", password: "gänse:2" });
    expect(findOwnLogin(auth, env, absent)).toEqual({ name: "ugain", password: "gänse:2" });
    expect(findOwnLogin(auth, {}, absent)).toEqual({ name: "a", password: "b" });
    expect(findOwnLogin(basic(), {}, absent)).toBe(undefined);
  });

  test("the header that we write is the one that is read", () => {
    expect(writeLogin({ name: "ugain", password: "gänse:2" })).toBe(login.authorization);
    expect(readLogin(writeLogin({ name: "", password: "a:b" }))).toEqual({ name: "", password: "a:b" });
  });
});
