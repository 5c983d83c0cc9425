import { expect, test } from "vitest";
import { sendJson, startFakeApi, type FakeApi } from "../../deploy/cluster/_fake-api.ts";
import { openCluster } from "../../deploy/cluster/open.ts";
import type { DeployDefinition } from "../../project/deploy.ts";
import type { BasicAuth } from "../../project/types.ts";
import { loginForbidden } from "../errors.ts";
import { environmentLoginHeaders } from "../login.ts";
import { clusterLoginHeaders } from "./login.ts";

const kinds = {
  groupVersion: "v1",
  resources: [{ name: "secrets", kind: "Secret", namespaced: true, verbs: ["get"] }],
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const header = (login: string): object => ({ authorization: `Basic ${base64(login)}` });

/** An API with one Secret, `login` in the namespace `models`, of those data; or one that lets nobody read Secrets. */
function startApi(data: Readonly<Record<string, string>> | "forbidden"): Promise<FakeApi> {
  return startFakeApi(({ url }, response) => {
    if (url === "/api/v1") sendJson(response, 200, kinds);
    else if (url?.startsWith("/api/v1/namespaces/models/secrets/") === true) {
      const metadata = { name: "login", namespace: "models" };
      if (data === "forbidden") sendJson(response, 403, { message: "secrets is forbidden", reason: "Forbidden" });
      else if (!url.endsWith("/login")) sendJson(response, 404, { message: "not found", reason: "NotFound" });
      else sendJson(response, 200, { apiVersion: "v1", kind: "Secret", metadata, data });
    }
  });
}

const fromSecret: DeployDefinition = {
  env: {
    SECRET_USERNAME: { secret: "login", key: "username" },
    SECRET_PASSWORD: { secret: "login", key: "password" },
  },
};

async function ask(
  api: FakeApi,
  auth: Omit<BasicAuth, "kind">,
  deploy: DeployDefinition,
  here: NodeJS.ProcessEnv = {},
) {
  const cluster = await openCluster({ context: "test", kubeconfig: api.kubeconfig });
  const project = { definition: { name: "digits", serve: { auth: { kind: "basic", ...auth } as const } } };
  try {
    return await clusterLoginHeaders(project, { cluster, namespace: "models", deploy }, here);
  } finally {
    cluster.close();
  }
}

test("the login is read from the Secret that deploy.env names, not from the project's fallback", async () => {
  await using api = await startApi({ username: base64("ada"), password: base64("pä:ss") });
  expect(await ask(api, { fallback: { username: "a", password: "b" } }, fromSecret)).toEqual(header("ada:pä:ss"));
});

test("a Secret that is not there leaves the project's fallback, or nothing", async () => {
  await using api = await startApi({});
  const optional: DeployDefinition = { env: { SECRET_USERNAME: { secret: "none", key: "a", optional: true } } };
  expect(await ask(api, { fallback: { username: "a", password: "b" } }, optional)).toEqual(header("a:b"));
  expect(await ask(api, {}, fromSecret)).toEqual({});
});

test("mounted files go before variables, as they do for the server", async () => {
  await using api = await startApi({ username: base64("ada"), password: base64("mounted\n") });
  const deploy: DeployDefinition = {
    env: { SECRET_USERNAME: "ada", SECRET_PASSWORD: "variable" },
    files: { "/login/username": { content: "ada" }, "/login/password": { secret: "login", key: "password" } },
  };
  expect(await ask(api, { folder: "/login" }, deploy)).toEqual(header("ada:mounted"));
});

test("where Secrets may not be read, the error names the permission and the variables; with them it goes on", async () => {
  await using api = await startApi("forbidden");
  const auth = { env: { username: "NAME", password: "PASSWORD" } };
  const deploy: DeployDefinition = { env: { NAME: "ada", PASSWORD: { secret: "login", key: "password" } } };
  await expect(ask(api, auth, deploy, { NAME: "ada" })).rejects.toMatchObject({
    code: loginForbidden.code,
    message:
      "the endpoint of digits wants a login, and test does not let you read it: get Secret login in namespace models is forbidden (403)",
    mend: "Set NAME and PASSWORD here to the login, or ask the cluster's administrator for a Role that allows it. To check: kubectl --context test auth can-i get secret/login --namespace models",
  });
  expect(await ask(api, auth, deploy, { NAME: "eve", PASSWORD: "known" })).toEqual(header("eve:known"));
});

test("nothing is asked where the project lets everybody in", async () => {
  await using api = await startApi("forbidden");
  const cluster = await openCluster({ context: "test", kubeconfig: api.kubeconfig });
  const place = { cluster, namespace: "models", deploy: fromSecret };
  expect(await clusterLoginHeaders({ definition: { name: "digits" } }, place, {})).toEqual({});
  expect(api.seen.filter((line) => line.includes("secrets"))).toEqual([]);
  cluster.close();
});

test("this machine's environment names a login only where it names all of it", () => {
  const project = {
    definition: {
      name: "digits",
      serve: { auth: { kind: "basic" as const, fallback: { username: "a", password: "b" } } },
    },
  };
  expect(environmentLoginHeaders(project, { SECRET_USERNAME: "ada" })).toBeUndefined();
  expect(environmentLoginHeaders(project, { SECRET_USERNAME: "ada", SECRET_PASSWORD: "" })).toBeUndefined();
  expect(environmentLoginHeaders(project, { SECRET_USERNAME: "ada", SECRET_PASSWORD: "x" })).toEqual(header("ada:x"));
  const open = { definition: { name: "digits" } };
  expect(environmentLoginHeaders(open, { SECRET_USERNAME: "ada", SECRET_PASSWORD: "x" })).toBeUndefined();
});
