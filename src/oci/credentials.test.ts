import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { askHelper } from "./credential-helper.ts";
import { findCredentials, type Environment } from "./credentials.ts";

const parent = await mkdtemp(join(tmpdir(), "slipway-credentials-"));
afterAll(() => rm(parent, { recursive: true }));

const encode = (pair: string) => Buffer.from(pair).toString("base64");
const ada = { kind: "password", username: "ada", password: "correct: horse" };

interface Home {
  environment: Environment;
  /** Writes a file below the home; a value becomes JSON. */
  write: (path: string, content: unknown) => Promise<string>;
  /** A helper on the PATH: a shell script that gets the server's name as $server. */
  addHelper: (name: string, script: string) => Promise<void>;
}

async function makeHome(): Promise<Home> {
  const home = await mkdtemp(join(parent, "home-"));
  const write = async (path: string, content: unknown) => {
    const file = join(home, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };
  return {
    environment: { HOME: home, PATH: `${home}/bin:/usr/bin:/bin` },
    write,
    addHelper: async (name, script) => {
      const file = await write(`bin/docker-credential-${name}`, `#!/bin/sh\nread server\n${script}\n`);
      await chmod(file, 0o755);
    },
  };
}

const answer = (username: string, secret: string) =>
  `echo '{"ServerURL":"x","Username":"${username}","Secret":"${secret}"}'`;

describe("in files", () => {
  test("nowhere: none, and it says so", async () => {
    const { environment } = await makeHome();
    expect(await findCredentials("registry.example.com", "team/x", environment)).toEqual({
      credentials: undefined,
      source: "no credentials",
    });
  });

  test.each([
    ["registry.example.com", "registry.example.com"],
    ["https://registry.example.com", "registry.example.com"],
    ["https://registry.example.com/v2/", "registry.example.com"],
    ["http://localhost:5001/v1/", "localhost:5001"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["registry-1.docker.io", "docker.io"],
  ])("the key %s is for %s", async (key, registry) => {
    const { environment, write } = await makeHome();
    await write(".docker/config.json", { auths: { [key]: { auth: encode("ada:correct: horse") } } });
    expect(await findCredentials(registry, "x", environment)).toMatchObject({ credentials: ada });
    expect((await findCredentials("other.io", "x", environment)).credentials).toBeUndefined();
  });

  test("auth, username with password, identity and registry tokens are all read", async () => {
    const { environment, write } = await makeHome();
    await write(".docker/config.json", {
      auths: {
        "a.io": { auth: encode("ada:correct: horse\0\0") },
        "b.io": { username: "ada", password: "correct: horse" },
        "c.io": { auth: encode("ada:x"), identitytoken: "refresh" },
        "d.io": { registrytoken: "bearer" },
        "e.io": {},
        "f.io": { auth: "not base64 of a pair" },
      },
    });
    const found = async (registry: string) => (await findCredentials(registry, "x", environment)).credentials;
    expect([await found("a.io"), await found("b.io"), await found("c.io"), await found("d.io")]).toEqual([
      ada,
      ada,
      { kind: "identity", token: "refresh" },
      { kind: "bearer", token: "bearer" },
    ]);
    expect([await found("e.io"), await found("f.io")]).toEqual([undefined, undefined]);
  });

  test("podman's keys may name a repository: the longest that fits wins", async () => {
    const { environment, write } = await makeHome();
    const auths = {
      "quay.io": { auth: encode("host:1") },
      "quay.io/team": { auth: encode("team:2") },
      "quay.io/team/x": { auth: encode("x:3") },
    };
    await write(".config/containers/auth.json", { auths });
    const user = async (repository: string) => (await findCredentials("quay.io", repository, environment)).credentials;
    expect(await user("team/x/y")).toMatchObject({ username: "x" });
    expect(await user("team/z")).toMatchObject({ username: "team" });
    expect(await user("teams/x")).toMatchObject({ username: "host" });
  });

  test("REGISTRY_AUTH_FILE goes before DOCKER_CONFIG, that before podman's run-time file and the one at home", async () => {
    const { environment, write } = await makeHome();
    const entry = (user: string, ...hosts: string[]) => ({
      auths: Object.fromEntries(hosts.map((host) => [host, { auth: encode(`${user}:x`) }])),
    });
    const home = environment["HOME"] ?? "";
    const all: Environment = {
      ...environment,
      REGISTRY_AUTH_FILE: await write("named.json", entry("named", "a.io")),
      DOCKER_CONFIG: dirname(await write("docker/config.json", entry("docker", "a.io", "b.io"))),
      XDG_RUNTIME_DIR: join(home, "run"),
    };
    await write("run/containers/auth.json", entry("run", "a.io", "b.io", "c.io"));
    await write(".config/containers/auth.json", entry("home", "a.io", "b.io", "c.io", "d.io"));
    const users = [];
    for (const host of ["a.io", "b.io", "c.io", "d.io"])
      users.push((await findCredentials(host, "x", all)).source.split(" ")[2]);
    expect(users).toEqual(["named", "docker", "run", "home"]);
  });

  test("a broken file is named, and its content is not shown", async () => {
    const { environment, write } = await makeHome();
    const file = await write(".docker/config.json", '{"auths":{"a.io":{"password":"hunter2-secret');
    const error: unknown = await findCredentials("a.io", "x", environment).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "SLIPWAY_OCI_CREDENTIALS",
      message: `${file} gives no credentials: it is not a JSON object`,
    });
    expect(inspect(error, { depth: 9 })).not.toContain("hunter2");
  });
});

describe("by helpers", () => {
  test("the registry's own helper goes before the store, the store before the file", async () => {
    const { environment, write, addHelper } = await makeHome();
    const auths = {
      "a.io": { auth: encode("file:x") },
      "b.io": { auth: encode("file:x") },
      "c.io": { auth: encode("file:x") },
    };
    await write(".docker/config.json", { auths, credsStore: "store", credHelpers: { "a.io": "own" } });
    await addHelper("own", answer("own", "x"));
    await addHelper(
      "store",
      `[ "$server" = b.io ] || { echo "credentials not found in native keychain"; exit 1; }\n${answer("store", "x")}`,
    );
    const sources = [];
    for (const host of ["a.io", "b.io", "c.io"]) sources.push((await findCredentials(host, "x", environment)).source);
    expect(sources).toEqual([
      "credentials of own from docker-credential-own",
      "credentials of store from docker-credential-store",
      `credentials of file from ${environment["HOME"]}/.docker/config.json`,
    ]);
  });

  test("are asked by docker's own name for Docker Hub, and may give a token", async () => {
    const { environment, write, addHelper } = await makeHome();
    await write(".docker/config.json", { credsStore: "store" });
    await addHelper("store", `[ "$server" = https://index.docker.io/v1/ ] && ${answer("<token>", "refresh")}`);
    expect((await findCredentials("docker.io", "x", environment)).credentials).toEqual({
      kind: "identity",
      token: "refresh",
    });
  });

  test.each([
    ["is not there", undefined, "it is not on the PATH"],
    ["fails", "echo secret-in-the-output; exit 3", "it ended with exit code 3"],
    ["answers nonsense", 'echo \'{"Secret":"secret-in-the-output\'', "its answer is not JSON with Username and Secret"],
  ])("one that %s does not stop anonymous use, and is told of", async (_, script, why) => {
    const { environment, write, addHelper } = await makeHome();
    await write(".docker/config.json", { credsStore: "broken" });
    if (script !== undefined) await addHelper("broken", script);
    const { credentials, source } = await findCredentials("a.io", "x", environment);
    expect(credentials).toBeUndefined();
    expect(source).toContain(`docker-credential-broken gives no credentials: ${why}`);
    expect(source).not.toContain("secret-in-the-output");
  });

  test("one that hangs is ended", async () => {
    const { environment, addHelper } = await makeHome();
    await addHelper("slow", "sleep 60");
    await expect(askHelper("slow", "a.io", environment, 100)).rejects.toThrowError("it gave no answer for 0.1 s");
  });

  test("a name that is a path is not run", async () => {
    const { environment } = await makeHome();
    await expect(askHelper("../../bin/evil", "a.io", environment)).rejects.toThrowError(
      "a helper's name is of letters",
    );
  });
});
