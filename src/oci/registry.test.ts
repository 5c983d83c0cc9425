/** @file What happens to a request: logins, tries, redirects, and what the errors say. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { startAnswering, type AnsweringServer } from "./fixtures/answering.ts";
import { getManifest, headManifest, putManifest } from "./manifests.ts";
import { hasBlob, readBlobBytes } from "./read-blob.ts";
import type { RegistryOptions } from "./registry.ts";
import { openImage, openRepository } from "./repository.ts";
import { listTags } from "./tags.ts";

const servers: AnsweringServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  const server = await startAnswering(answer);
  servers.push(server);
  return server;
}

const options: RegistryOptions = { environment: { HOME: "/nowhere" }, retry: { firstMs: 1, attempts: 3 } };
const open = ({ host }: { host: string }, more: RegistryOptions = {}) =>
  openRepository(`${host}/digits`, { ...options, ...more });
const ada = { kind: "password", username: "ada", password: "correct horse" } as const;
const errors = (code: string, message: string, detail?: string) =>
  JSON.stringify({ errors: [{ code, message, detail }] });
const fail = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("errors", () => {
  test.each([
    [
      403,
      {},
      errors("DENIED", "requested access to the resource is denied"),
      "DENIED",
      "403 DENIED “requested access to the resource is denied”",
    ],
    [404, {}, errors("NAME_UNKNOWN", "repository name not known"), "NOT_FOUND", "404 NAME_UNKNOWN"],
    [405, {}, errors("UNSUPPORTED", "The operation is unsupported."), "UNSUPPORTED", "405 UNSUPPORTED"],
    [400, {}, errors("MANIFEST_INVALID", "manifest invalid", "line 3"), "REFUSED", "“manifest invalid: line 3”"],
    [413, {}, "too large", "REFUSED", "413 “too large”"],
    [401, {}, errors("UNAUTHORIZED", "authentication required"), "UNAUTHORIZED", "(no credentials)"],
    [502, {}, "<html><h1>Bad Gateway</h1>", "BUSY", "502 “Bad Gateway”"],
    [
      404,
      { "content-type": "text/html" },
      "<html><title>Welcome to nginx!</title>",
      "NOT_A_REGISTRY",
      "the answer is not of a registry",
    ],
  ])("%i %j %s", async (status, headers, body, code, words) => {
    const server = await serve((_request, response) => response.writeHead(status, headers).end(body));
    const bytes = new TextEncoder().encode("{}");
    const error = await fail(putManifest(open(server), "v1", { bytes, mediaType: "application/json" }));
    expect(error).toMatchObject({
      code: `SLIPWAY_OCI_${code}`,
      message: expect.stringContaining(`cannot push manifest v1 to ${server.host}/digits`),
      details: { registry: server.host, repository: "digits", status, retryable: status === 502 },
    });
    expect(String(error)).toContain(words);
    expect(server.requests).toHaveLength(status === 502 ? 3 : 1);
  });

  test("an answer to HEAD has no words: they are asked for by GET", async () => {
    const server = await serve((_request, response) => response.writeHead(403).end(errors("DENIED", "not yours")));
    await expect(hasBlob(open(server), digestOf("x"))).rejects.toThrowError("403 DENIED “not yours” (no credentials)");
  });

  test("where nothing listens it is said at once, and where it listened before it is tried again", async () => {
    const server = await serve((_request, response) => response.writeHead(404).end());
    const known = open(server, { retry: { firstMs: 1, attempts: 8 } });
    expect(await getManifest(known, "v1")).toBeUndefined();
    await server.close();
    await expect(getManifest(open(server), "v1")).rejects.toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_OCI_UNREACHABLE",
        details: expect.objectContaining({ retryable: false }),
      }),
    );
    await expect(getManifest(known, "v1")).rejects.toThrowError(
      expect.objectContaining({ details: expect.objectContaining({ retryable: true }) }),
    );
  });

  test("a name that does not exist is named as that", async () => {
    const error = await fail(
      getManifest(openRepository("registry.invalid/x", { ...options, retry: { attempts: 1 } }), "v1"),
    );
    expect(error).toMatchObject({
      code: "SLIPWAY_OCI_UNREACHABLE",
      message: expect.stringContaining("the name cannot be resolved"),
    });
  });

  test("what does not speak HTTP is no registry", async () => {
    const server = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await expect(getManifest(open({ host: `127.0.0.1:${port}` }), "v1")).rejects.toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_OCI_NOT_A_REGISTRY",
        message: expect.stringContaining("does not speak HTTP"),
      }),
    );
    server.close();
  });

  test("silence ends, and is tried again", async () => {
    const server = await serve((_request, response, count) => {
      if (count > 1) response.writeHead(404).end();
    });
    expect(await getManifest(open(server, { idleSeconds: 0.2 }), "v1")).toBeUndefined();
    const deaf = await serve(() => {});
    await expect(getManifest(open(deaf, { idleSeconds: 0.05 }), "v1")).rejects.toThrowError(
      "nothing was heard for 0.05 s",
    );
  });

  test("long and odd words are one short line", async () => {
    const body = errors("X", `a\n\u0007b ${"long ".repeat(200)}`);
    const server = await serve((_request, response) => response.writeHead(400).end(body));
    const { message } = (await fail(getManifest(open(server), "v1"))) as Error;
    expect(message).toMatch(/“a b long .*…”$/);
    expect(message.length).toBeLessThan(450);
  });
});

describe("secrets", () => {
  test("that a registry says back are not shown", async () => {
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else
        response
          .writeHead(400)
          .end(
            `your header was ${request.headers.authorization}, correct horse; see https://s3.example.com/x?X-Amz-Signature=abcdef0123`,
          );
    });
    const error = await fail(getManifest(open(server, { credentials: ada }), "v1"));
    const shown = inspect(error, { depth: 9 }) + JSON.stringify(error);
    expect(shown).toContain("your header was");
    expect(shown).not.toMatch(/correct horse|YWRhOmNvcnJlY3|abcdef0123/);
  });

  test("are in no part of a handle", () => {
    const repository = openRepository("registry.example.com/x", { credentials: ada });
    expect(inspect(repository, { depth: 12, showHidden: true }) + JSON.stringify(repository)).not.toContain(
      "correct horse",
    );
  });
});

describe("trying again", () => {
  test.each([429, 500, 502, 503, 504, 408])("after %i", async (status) => {
    const server = await serve((_request, response, count) => response.writeHead(count < 3 ? status : 404).end());
    expect(await getManifest(open(server), "v1")).toBeUndefined();
    expect(server.requests).toHaveLength(3);
  });

  test("waits where Retry-After is within our patience, and gives up where it is not", async () => {
    const server = await serve((_request, response) => response.writeHead(429, { "retry-after": "1" }).end());
    const repository = open(server, { retry: { attempts: 2, firstMs: 1, patienceMs: 999 } });
    await expect(getManifest(repository, "v1")).rejects.toThrowError("it asks to wait 1 s");
    expect(server.requests).toHaveLength(1);
    await expect(getManifest(open(server, { retry: { attempts: 2, firstMs: 1 } }), "v1")).rejects.toThrowError("429");
    expect(server.requests).toHaveLength(3);
  });

  test("a connection that was cut", async () => {
    const server = await serve((request, response, count) => {
      if (count < 3) request.socket.resetAndDestroy();
      else response.writeHead(404).end();
    });
    expect(await getManifest(open(server), "v1")).toBeUndefined();
  });

  test("a small answer that was cut in its middle", async () => {
    const server = await serve((_request, response, count) => {
      response.writeHead(200, { "content-length": "15" });
      response.write('{"tags":["');
      if (count < 3) setTimeout(() => response.destroy(), 5);
      else response.end('a"]}'.padStart(5));
    });
    expect(await listTags(open(server))).toEqual([" a"]);
    expect(server.requests).toHaveLength(3);
  });

  test("ends with the caller's signal", async () => {
    const server = await serve((_request, response) => response.writeHead(503).end());
    const signal = AbortSignal.timeout(50);
    const patient = open(server, { retry: { firstMs: 60_000, mostMs: 60_000 } });
    await expect(getManifest(patient, "v1", { signal })).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("logins", () => {
  /** Wants a token; `accept` decides which are good. Every token of the realm is `token-<number>`. */
  const serveTokens = async (accept: (token: string) => boolean, tokenAnswer?: (response: ServerResponse) => void) => {
    let made = 0;
    return serve((request, response) => {
      if (request.url?.startsWith("/token") === true) {
        if (tokenAnswer !== undefined) tokenAnswer(response);
        else response.end(JSON.stringify({ access_token: `token-${++made}` }));
        return;
      }
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
      const challenge = `Bearer realm="/token",service="s",scope="repository:digits:pull extra:x:y"`;
      if (token !== undefined && accept(token)) response.writeHead(404).end();
      else response.writeHead(401, { "www-authenticate": challenge }).end(errors("UNAUTHORIZED", "no"));
    });
  };

  test("a token is asked for once, with what the registry wants beside what we want", async () => {
    const server = await serveTokens((token) => token === "token-1");
    const repository = open(server);
    await Promise.all([getManifest(repository, "a"), getManifest(repository, "b")]);
    await getManifest(repository, "c");
    const asked = server.requests.filter((request) => request.includes("/token"));
    expect(asked).toEqual(["GET /token?service=s&scope=repository%3Adigits%3Apull&scope=extra%3Ax%3Ay"]);
  });

  test("a token that is refused later is replaced, once", async () => {
    let good = "token-1";
    const server = await serveTokens((token) => token === good);
    const repository = open(server);
    await getManifest(repository, "a");
    good = "token-2";
    await getManifest(repository, "b");
    good = "none";
    await expect(getManifest(repository, "c")).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_UNAUTHORIZED" }),
    );
    expect(server.requests.filter((request) => request.includes("/token"))).toHaveLength(3);
  });

  test.each([
    [
      "says no",
      401,
      '{"details":"incorrect username or password"}',
      "UNAUTHORIZED",
      "“incorrect username or password”",
    ],
    ["is forbidden to us", 403, "{}", "DENIED", "403 token server"],
    ["is down", 503, "", "BUSY", "503 token server"],
    ["gives no token", 200, '{"token":"', "REFUSED", "“the token server's answer has no token”"],
  ])("a token server that %s", async (_, status, body, code, words) => {
    const server = await serveTokens(
      () => true,
      (response) => response.writeHead(status).end(body),
    );
    const error = await fail(getManifest(open(server, { credentials: ada }), "a"));
    expect(error).toMatchObject({ code: `SLIPWAY_OCI_${code}`, message: expect.stringContaining(words) });
  });

  test("Basic is sent only when it is asked for, and not again where it was refused", async () => {
    const sent: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      sent.push(request.headers.authorization);
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    });
    const error = await fail(getManifest(open(server, { credentials: ada }), "a"));
    expect(String(error)).toContain("it refused credentials given by the program");
    expect(sent).toEqual([undefined, `Basic ${Buffer.from("ada:correct horse").toString("base64")}`]);
  });

  test("a fixed token goes with the second request and no further", async () => {
    const server = await serveTokens((token) => token === "fixed");
    expect(await getManifest(open(server, { credentials: { kind: "bearer", token: "fixed" } }), "a")).toBeUndefined();
    const error = await fail(getManifest(open(server, { credentials: { kind: "bearer", token: "wrong" } }), "a"));
    expect(error).toMatchObject({ code: "SLIPWAY_OCI_UNAUTHORIZED" });
    expect(server.requests.some((request) => request.includes("/token"))).toBe(false);
  });
});

describe("proxies", () => {
  test("of the environment are used, and not for this machine", async () => {
    const proxy = await serve((_request, response) => response.writeHead(404).end());
    const near = await serve((_request, response) => response.writeHead(404).end());
    const environment = { HOME: "/nowhere", HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: "other.test" };
    const far = openRepository("registry.test:5000/digits", {
      ...options,
      environment,
      insecure: ["registry.test:5000"],
    });
    expect(await getManifest(far, "v1")).toBeUndefined();
    expect(await getManifest(open(near, { environment }), "v1")).toBeUndefined();
    expect(proxy.requests).toEqual(["GET http://registry.test:5000/v2/digits/manifests/v1"]);
    expect(near.requests).toEqual(["GET /v2/digits/manifests/v1"]);
  });
});

describe("redirects", () => {
  const bytes = new TextEncoder().encode("the content");
  const wanted = { digest: digestOf(bytes), size: bytes.byteLength };

  test("to another host are followed without the login", async () => {
    const seen: (string | undefined)[] = [];
    const storage = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end(bytes);
    });
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else response.writeHead(307, { location: `http://${storage.host}/blob?signature=x` }).end();
    });
    expect(new TextDecoder().decode(await readBlobBytes(open(server, { credentials: ada }), wanted))).toBe(
      "the content",
    );
    expect(seen).toEqual([undefined]);
  });

  test("within the registry keep it", async () => {
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else if (request.url === "/elsewhere") response.end(bytes);
      else response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(digestOf(await readBlobBytes(open(server, { credentials: ada }), wanted))).toBe(wanted.digest);
  });

  test("that go round end", async () => {
    const server = await serve((_request, response) => response.writeHead(307, { location: "/again" }).end());
    await expect(readBlobBytes(open(server), wanted)).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_REFUSED" }),
    );
    expect(server.requests).toHaveLength(6);
  });
});

describe("manifests", () => {
  const manifest = new TextEncoder().encode('{"mediaType":"application/vnd.oci.image.index.v1+json"}');

  test("are checked against the digest that was asked for, or that the registry claims", async () => {
    const server = await serve((_request, response) =>
      response.setHeader("docker-content-digest", digestOf("other")).end(manifest),
    );
    const mismatch = expect.objectContaining({ code: "SLIPWAY_OCI_CONTENT_MISMATCH" });
    await expect(getManifest(open(server), digestOf("wanted"))).rejects.toThrowError(mismatch);
    await expect(getManifest(open(server), "v1")).rejects.toThrowError(mismatch);
  });

  test("of a general type say themselves what they are; without the header, HEAD is followed by GET", async () => {
    const server = await serve((_request, response) =>
      response.setHeader("content-type", "application/json").end(manifest),
    );
    const descriptor = {
      mediaType: "application/vnd.oci.image.index.v1+json",
      digest: digestOf(manifest),
      size: manifest.byteLength,
    };
    expect((await getManifest(open(server), "v1"))?.descriptor).toEqual(descriptor);
    expect(await headManifest(open(server), "v1")).toEqual(descriptor);
  });

  test("are named by tags and digests, and by nothing that leads elsewhere", async () => {
    const server = await serve((_request, response) => response.end("{}"));
    for (const reference of ["../../other/manifests/v1", "v1?x", "", "sha256:abc"])
      await expect(getManifest(open(server), reference)).rejects.toThrowError(
        expect.objectContaining({ code: "SLIPWAY_OCI_REFERENCE_INVALID" }),
      );
    expect(server.requests).toEqual([]);
  });

  test("are reached by a reference as people write it", async () => {
    const server = await serve((_request, response) => response.writeHead(404).end());
    for (const text of ["x:v1", `x:v1@${digestOf("a")}`, "team/x"]) {
      const { repository, reference } = openImage(`${server.host}/${text}`, options);
      await getManifest(repository, reference);
    }
    expect(server.requests).toEqual([
      "GET /v2/x/manifests/v1",
      `GET /v2/x/manifests/${digestOf("a")}`,
      "GET /v2/team/x/manifests/latest",
    ]);
    expect(openRepository("docker.io/alpine").name).toBe("library/alpine");
  });

  test("have an end", async () => {
    const server = await serve((_request, response) => {
      const write = (): void => {
        while (response.write(Buffer.alloc(1 << 20)));
        response.once("drain", write);
      };
      write();
    });
    await expect(getManifest(open(server), "v1")).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_TOO_LARGE" }),
    );
  });

  test("are not pages: a proxy's login form is named", async () => {
    const server = await serve((_request, response) =>
      response.setHeader("content-type", "text/html; charset=utf-8").end("<form>"),
    );
    await expect(getManifest(open(server), "v1")).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_NOT_A_REGISTRY" }),
    );
  });
});

describe("tags", () => {
  test("are followed over pages, and each counts once", async () => {
    const pages = [["a", "b"], ["b", "c"], null];
    const server = await serve((_request, response, count) => {
      if (count < 3) response.setHeader("link", `</v2/digits/tags/list?page=${count}>; rel="next"`);
      response.end(JSON.stringify({ name: "digits", tags: pages[count - 1] }));
    });
    expect(await listTags(open(server))).toEqual(["a", "b", "c"]);
    expect(server.requests).toEqual([
      "GET /v2/digits/tags/list?n=1000",
      "GET /v2/digits/tags/list?page=1",
      "GET /v2/digits/tags/list?page=2",
    ]);
  });

  test("whose pages go round in a circle, or are no JSON, are named", async () => {
    const round = await serve((_request, response) =>
      response.setHeader("link", `</v2/digits/tags/list?n=1>; rel=next`).end("{}"),
    );
    const invalid = (why: string) =>
      expect.objectContaining({ code: "SLIPWAY_OCI_ANSWER_INVALID", message: expect.stringContaining(why) });
    await expect(listTags(open(round))).rejects.toThrowError(invalid("circle"));
    const broken = await serve((_request, response) => response.end("{"));
    await expect(listTags(open(broken))).rejects.toThrowError(invalid("not JSON"));
  });
});
