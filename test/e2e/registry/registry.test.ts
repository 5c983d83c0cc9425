/** @file The client and the store against distribution's registry: open, with a password file, with a token server, with TLS, over a bad network. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleContent } from "../../../src/artifact/fixtures/sample.ts";
import { describeStore } from "../../../src/artifact/store/contract.ts";
import { openRegistryStore } from "../../../src/artifact/store/registry.ts";
import { digestOf } from "../../../src/base/digest.ts";
import { fromBytes, fromFile } from "../../../src/oci/blob-source.ts";
import type { Environment } from "../../../src/oci/credentials.ts";
import { startCuttingProxy } from "../../../src/oci/fixtures/cutting-proxy.ts";
import { deleteManifest, getManifest, headManifest, putManifest } from "../../../src/oci/manifests.ts";
import { pushBlob } from "../../../src/oci/push-blob.ts";
import { deleteBlob, hasBlob, readBlobBytes } from "../../../src/oci/read-blob.ts";
import { listReferrers, putReferrer } from "../../../src/oci/referrers.ts";
import { openRepository, type Repository, repositoryOf } from "../../../src/oci/repository.ts";
import { listTags } from "../../../src/oci/tags.ts";
import { emptyConfig, manifestTypes } from "../../../src/oci/types.ts";
import { startRegistry, type RunningRegistry } from "./start.ts";
import { login, startTokenServer, type TokenServer } from "./token-server.ts";

const scratch = mkdtempSync(join(tmpdir(), "slipway-registry-e2e-"));
const running: { stop: () => Promise<void> }[] = [];
afterAll(async () => {
  for (const one of running) await one.stop();
  rmSync(scratch, { recursive: true });
});

async function start(...options: Parameters<typeof startRegistry>): Promise<RunningRegistry> {
  const registry = await startRegistry(...options);
  running.push(registry);
  return registry;
}

const nobody: Environment = { HOME: join(scratch, "nobody") };
const code = (of: string) => expect.objectContaining({ code: `SLIPWAY_OCI_${of}` });

/** A home with this docker config.json, and PATH leading to helpers in it. */
function makeHome(config: object): Environment {
  const home = mkdtempSync(join(scratch, "home-"));
  mkdirSync(join(home, ".docker"));
  writeFileSync(join(home, ".docker", "config.json"), JSON.stringify(config));
  return { HOME: home, PATH: `${home}:${process.env["PATH"]}` };
}

async function pushSmall(repository: Repository, text: string, options: Parameters<typeof pushBlob>[3] = {}) {
  const bytes = new TextEncoder().encode(text);
  const digest = digestOf(bytes);
  return { digest, bytes, how: await pushBlob(repository, digest, fromBytes(bytes), options) };
}

describe("an open registry", () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await start();
  });
  let count = 0;

  describeStore("distribution", async () => {
    const prefix = `${registry.host}/team/store-${count++}`;
    const open = () => openRegistryStore(prefix, { environment: nobody });
    return { store: open(), reopen: async () => open() };
  });

  const newRepository = () => openRepository(`${registry.host}/plain/r${count++}`, { environment: nobody });

  test("takes a large blob in chunks, once, and mounts it elsewhere", async () => {
    const repository = newRepository();
    const path = join(scratch, "large");
    const bytes = randomBytes(5 << 20);
    writeFileSync(path, bytes);
    const digest = digestOf(bytes);
    const done: number[] = [];
    const push = () =>
      pushBlob(repository, digest, fromFile(path, bytes.byteLength), {
        chunkBytes: 1 << 20,
        report: (event) => done.push(event.done ?? -1),
      });
    expect(await Promise.all([push(), push()])).toEqual(["uploaded", "uploaded"]);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBe(bytes.byteLength);
    expect(await push()).toBe("existed");
    const other = repositoryOf(repository.registry, `plain/r${count++}`);
    const from = ["plain/nothing-here", repository.name];
    expect(await pushBlob(other, digest, fromBytes(bytes), { mountFrom: from })).toBe("mounted");
    expect(digestOf(await readBlobBytes(other, { digest, size: bytes.byteLength }))).toBe(digest);
  });

  test("refuses a blob that is not what its digest says", async () => {
    const repository = newRepository();
    const wrong = pushBlob(repository, digestOf("other"), fromBytes(new TextEncoder().encode("this")));
    await expect(wrong).rejects.toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_OCI_REFUSED",
        details: expect.objectContaining({ status: 400, code: "DIGEST_INVALID", retryable: false }),
      }),
    );
    expect(await hasBlob(repository, digestOf("other"))).toBe(false);
  });

  test("gives manifests by tag and digest, pages of tags, and takes both away again", async () => {
    const repository = newRepository();
    expect(await listTags(repository)).toEqual([]);
    expect(await getManifest(repository, "v1")).toBeUndefined();
    const { digest, bytes } = await putEmpty(repository, ["v1", "v2", "v3", "v4", "v5"]);
    // Sorted here: distribution 2 gives them in any order.
    expect((await listTags(repository, { pageSize: 2 })).toSorted()).toEqual(["v1", "v2", "v3", "v4", "v5"]);
    expect(await headManifest(repository, "v2")).toEqual({
      digest,
      size: bytes.byteLength,
      mediaType: manifestTypes.manifest,
    });
    expect((await getManifest(repository, digest))?.bytes).toEqual(Buffer.from(bytes));
    expect([await deleteManifest(repository, "v1"), await deleteManifest(repository, "v1")]).toEqual([true, false]);
    expect(await deleteManifest(repository, digest)).toBe(true);
    expect(await getManifest(repository, "v2")).toBeUndefined();
    expect(await deleteBlob(repository, emptyConfig.descriptor.digest)).toBe(true);
    expect(await hasBlob(repository, emptyConfig.descriptor.digest)).toBe(false);
  });

  test("a manifest whose blobs are missing is refused with the registry's words", async () => {
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestTypes.manifest,
      config: emptyConfig.descriptor,
      layers: [],
    };
    const bytes = new TextEncoder().encode(JSON.stringify(manifest));
    await expect(putManifest(newRepository(), "v1", { bytes, mediaType: manifestTypes.manifest })).rejects.toThrowError(
      expect.objectContaining({ message: expect.stringContaining("MANIFEST_BLOB_UNKNOWN") }),
    );
  });

  test("referrers are listed by the fallback tag", async () => {
    const repository = newRepository();
    const subject = await putEmpty(repository, ["v1"]);
    for (const artifactType of ["application/x.signature", "application/x.sbom"]) {
      const { digest, bytes } = subject;
      const text = {
        ...subject.manifest,
        artifactType,
        subject: { mediaType: manifestTypes.manifest, digest, size: bytes.byteLength },
      };
      const own = new TextEncoder().encode(JSON.stringify(text));
      const descriptor = {
        mediaType: manifestTypes.manifest,
        digest: digestOf(own),
        size: own.byteLength,
        artifactType,
      };
      for (let twice = 0; twice < 2; twice++)
        await putReferrer(repository, { bytes: own, descriptor, subject: digest });
    }
    expect(await listReferrers(repository, subject.digest)).toHaveLength(2);
    expect(await listReferrers(repository, subject.digest, { artifactType: "application/x.sbom" })).toMatchObject([
      { artifactType: "application/x.sbom" },
    ]);
    expect(await listReferrers(repository, digestOf("nobody"))).toEqual([]);
  });

  test("uploads and reads come whole through a network that cuts connections", async () => {
    const bytes = randomBytes(12 << 20);
    const digest = digestOf(bytes);
    const cuts = { up: [3 << 20, 7 << 20, 100_000, 9 << 20], down: [] };
    const up = await startCuttingProxy(registry.host, cuts);
    const options = { environment: nobody, retry: { firstMs: 20 } };
    const name = `plain/r${count++}`;
    const uploaded = await pushBlob(openRepository(`${up.host}/${name}`, options), digest, fromBytes(bytes), {
      chunkBytes: 4 << 20,
    });
    expect(uploaded).toBe("uploaded");
    expect(up.cuts()).toBeGreaterThan(2);
    await up.close();
    const down = await startCuttingProxy(registry.host, { down: [2 << 20, 3 << 20, 5 << 20] });
    const read = await readBlobBytes(openRepository(`${down.host}/${name}`, options), {
      digest,
      size: bytes.byteLength,
    });
    expect([digestOf(read), down.cuts()]).toEqual([digest, 3]);
    await down.close();
  });

  test("a push goes on when the registry is killed and started again", async () => {
    const first = await start();
    const { folder, host } = first;
    const repository = openRepository(`${host}/killed`, { environment: nobody, retry: { firstMs: 100, attempts: 10 } });
    const bytes = randomBytes(8 << 20);
    let second: Promise<RunningRegistry> | undefined;
    const pushed = await pushBlob(repository, digestOf(bytes), fromBytes(bytes), {
      chunkBytes: 1 << 20,
      report: ({ done = 0 }) => {
        if (done > 4 << 20) second ??= first.stop({ keep: true }).then(() => start({ folder, address: host }));
      },
    });
    expect(pushed).toBe("uploaded");
    expect((await second)?.host).toBe(host);
    expect(digestOf(await readBlobBytes(repository, { digest: digestOf(bytes), size: bytes.byteLength }))).toBe(
      digestOf(bytes),
    );
    rmSync(folder, { recursive: true });
  });

  async function putEmpty(repository: Repository, tags: readonly string[]) {
    await pushBlob(repository, emptyConfig.descriptor.digest, fromBytes(emptyConfig.bytes));
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestTypes.manifest,
      artifactType: "application/x.test",
      config: emptyConfig.descriptor,
      layers: [emptyConfig.descriptor],
    };
    const bytes = new TextEncoder().encode(JSON.stringify(manifest));
    for (const tag of tags) await putManifest(repository, tag, { bytes, mediaType: manifestTypes.manifest });
    return { manifest, bytes, digest: digestOf(bytes) };
  }
});

describe("a registry without deletion", () => {
  test("says so, and the store still removes and puts", async () => {
    const { host } = await start({ deletion: false });
    const store = openRegistryStore(`${host}/models`, { environment: nobody });
    const { digest } = await store.put(sampleContent());
    await store.setAlias("digits", "champion", digest);
    await store.remove("digits", { force: true });
    expect(await store.list()).toEqual([]);
    await expect(store.collect()).rejects.toThrowError(code("UNSUPPORTED"));
    await store.put(sampleContent());
    expect((await store.list()).map((one) => one.digest)).toEqual([digest]);
  });
});

describe("a registry with a password file", () => {
  let host: string;
  // bcrypt of "correct horse", cost 4; the registry takes no other kind.
  const line = `ada:$2b$04$MpKwbt8InE7aNJ1RYIunSumRugQkBg/AeFWwmflIbUVLKYWyFYFgC\n`;
  beforeAll(async () => {
    const path = join(scratch, "htpasswd");
    writeFileSync(path, line);
    ({ host } = await start({ config: { auth: { htpasswd: { realm: "tests", path } } } }));
  });
  const auth = Buffer.from("ada:correct horse").toString("base64");

  test("refuses strangers and wrong passwords, and the error has no secret in it", async () => {
    const wrong = makeHome({ auths: { [host]: { auth: Buffer.from("ada:wrong battery").toString("base64") } } });
    for (const [environment, words] of [
      [nobody, "no credentials"],
      [wrong, "it refused credentials of ada from"],
    ] as const) {
      const repository = openRepository(`${host}/digits`, { environment });
      const error: unknown = await pushSmall(repository, "x").catch((thrown: unknown) => thrown);
      expect(error).toEqual(code("UNAUTHORIZED"));
      expect(String(error)).toContain(words);
      for (const shown of [
        JSON.stringify(error),
        inspect(error, { depth: 9 }),
        inspect(repository, { depth: 9, showHidden: true }),
      ])
        expect(shown).not.toMatch(/wrong battery|YWRhOndyb25n/);
    }
  });

  test("lets in by docker's file, podman's file, and a helper on the PATH", async () => {
    const helped = makeHome({ credHelpers: { [host]: "slipway-test" } });
    const script = `#!/bin/sh\nread server\n[ "$server" = "${host}" ] || { echo "credentials not found in native keychain"; exit 1; }\necho '{"ServerURL":"'$server'","Username":"ada","Secret":"correct horse"}'\n`;
    writeFileSync(join(helped["HOME"] ?? "", "docker-credential-slipway-test"), script);
    chmodSync(join(helped["HOME"] ?? "", "docker-credential-slipway-test"), 0o755);
    const podman = join(scratch, "auth.json");
    writeFileSync(podman, JSON.stringify({ auths: { [`${host}/team`]: { auth } } }));
    for (const environment of [
      makeHome({ auths: { [`http://${host}/v2/`]: { auth } } }),
      helped,
      { ...nobody, REGISTRY_AUTH_FILE: podman },
    ]) {
      const repository = openRepository(`${host}/team/digits`, { environment });
      expect(await readBlobBytes(repository, { ...(await pushSmall(repository, "hello")), size: 5 })).toEqual(
        new TextEncoder().encode("hello"),
      );
    }
  });

  test("holds a store", async () => {
    const store = openRegistryStore(`${host}/models`, { environment: makeHome({ auths: { [host]: { auth } } }) });
    const artifact = await store.put(sampleContent());
    await store.setAlias("digits", "champion", artifact.digest, { expect: undefined });
    expect(await store.get("digits")).toEqual({ ...artifact, aliases: ["champion"] });
    expect(JSON.stringify(store) + inspect(store, { depth: 9, showHidden: true })).not.toContain("correct horse");
  });
});

describe("a registry with a token server", () => {
  let host: string;
  let tokens: TokenServer;
  beforeAll(async () => {
    tokens = await startTokenServer();
    running.push({ stop: tokens.close });
    const path = join(scratch, "jwks.json");
    writeFileSync(path, tokens.jwks);
    ({ host } = await start({ config: { auth: tokens.auth(path) } }));
  });
  const ada = { kind: "password", username: login.username, password: login.password } as const;

  test("lets strangers read and not write; a login writes, and each scope is asked for once", async () => {
    tokens.requests.length = 0;
    const repository = openRepository(`${host}/team/digits`, { credentials: ada });
    const { digest } = await pushSmall(repository, "hello");
    expect(await pushSmall(repository, "other")).toMatchObject({ how: "uploaded" });
    expect(await pushSmall(repository, "hello")).toMatchObject({ how: "existed" });
    expect(tokens.requests).toEqual([
      "GET ada repository:team/digits:pull",
      "GET ada repository:team/digits:pull,push",
    ]);
    const stranger = openRepository(`${host}/team/digits`, { environment: nobody });
    expect(new TextDecoder().decode(await readBlobBytes(stranger, { digest, size: 5 }))).toBe("hello");
    const refusal = expect.objectContaining({
      details: expect.objectContaining({ credentials: expect.stringContaining("no credentials") }),
    });
    await expect(pushSmall(stranger, "mine")).rejects.toThrowError(refusal);
    const bob = openRepository(`${host}/team/digits`, { credentials: { ...ada, username: "bob" } });
    await expect(pushSmall(bob, "mine")).rejects.toThrowError(code("DENIED"));
  });

  test("mounts across repositories with both scopes in one token", async () => {
    const repository = openRepository(`${host}/team/from`, { credentials: ada });
    await pushSmall(repository, "shared");
    tokens.requests.length = 0;
    const other = repositoryOf(repository.registry, "team/to");
    expect(await pushSmall(other, "shared", { mountFrom: ["team/from"] })).toMatchObject({ how: "mounted" });
    expect(tokens.requests.at(-1)).toBe("GET ada repository:team/to:pull,push repository:team/from:pull");
  });

  test("takes a refresh token by POST, and says whose login was refused", async () => {
    tokens.requests.length = 0;
    const home = makeHome({ auths: { [host]: { identitytoken: login.refreshToken } } });
    await pushSmall(openRepository(`${host}/team/refreshed`, { environment: home }), "hello");
    expect(tokens.requests[0]).toBe("POST ada repository:team/refreshed:pull");
    const wrong = makeHome({ auths: { [host]: { identitytoken: "stolen-token" } } });
    const error: unknown = await pushSmall(openRepository(`${host}/x`, { environment: wrong }), "x").catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: "SLIPWAY_OCI_UNAUTHORIZED",
      message: expect.stringContaining("incorrect username or password"),
    });
    expect(JSON.stringify(error) + inspect(error, { depth: 9 })).not.toContain("stolen-token");
  });

  test("holds a store that strangers may read", async () => {
    const store = openRegistryStore(`${host}/models`, { credentials: ada });
    const artifact = await store.put(sampleContent());
    await store.setAlias("digits", "champion", artifact.digest);
    const read = openRegistryStore(`${host}/models`, { environment: nobody });
    expect((await read.get("digits")).digest).toBe(artifact.digest);
    await expect(read.setAlias("digits", "v1", artifact.digest)).rejects.toThrowError(code("UNAUTHORIZED"));
    await store.remove("digits", { force: true });
    expect(await store.collect()).toMatchObject({ blobs: 4 });
  });
});

describe("a registry with TLS", () => {
  let host: string;
  const certificate = join(scratch, "cert.pem");
  beforeAll(async () => {
    const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
    // Go's own small program for such certificates: its own authority, for an hour.
    const make = [
      "run",
      join(root, "src/crypto/tls/generate_cert.go"),
      "--host",
      "127.0.0.1",
      "--ca",
      "--ecdsa-curve",
      "P256",
    ];
    execFileSync("go", [...make, "--duration", "1h"], { cwd: scratch, stdio: "ignore" });
    const tls = { certificate, key: join(scratch, "key.pem") };
    ({ host } = await start({ config: { http: { tls } } }));
  });

  test("is trusted by its authority's certificate, as an option or in NODE_EXTRA_CA_CERTS", async () => {
    const options = { environment: nobody, secure: [host] };
    const ca = readFileSync(certificate, "utf8");
    expect(await pushSmall(openRepository(`${host}/digits`, { ...options, ca }), "hello")).toMatchObject({
      how: "uploaded",
    });
    await expect(pushSmall(openRepository(`${host}/digits`, options), "hello")).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_TLS", mend: expect.stringContaining("NODE_EXTRA_CA_CERTS") }),
    );
    const alias = host.replace("127.0.0.1", "localhost");
    const other = openRepository(`${alias}/digits`, { environment: nobody, secure: [alias], ca });
    await expect(pushSmall(other, "hello")).rejects.toThrowError("its certificate is for another name");
    const url = (path: string) => JSON.stringify(new URL(`../../../src/oci/${path}`, import.meta.url).href);
    const script = `
      const { openRepository } = await import(${url("repository.ts")});
      const { hasBlob } = await import(${url("read-blob.ts")});
      console.log(await hasBlob(openRepository("${host}/digits", { secure: ["${host}"] }), "${digestOf("hello")}"));`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
    expect(spawnSync(process.execPath, ["-e", script], { env, encoding: "utf8" }).stdout).toBe("true\n");
  });

  test("spoken to in plain HTTP, and the other way round, says which it is", async () => {
    await expect(pushSmall(openRepository(`${host}/digits`, { environment: nobody }), "x")).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_TLS", message: expect.stringContaining("it speaks TLS") }),
    );
    const plain = await start();
    await expect(
      pushSmall(openRepository(`${plain.host}/digits`, { environment: nobody, secure: [plain.host] }), "x"),
    ).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_TLS", mend: expect.stringContaining("insecure") }),
    );
  });
});
