/** @file A server whose models lie in a registry: it follows the alias, and what befalls the registry befalls no caller. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openRegistryStore } from "../../../src/artifact/store/registry.ts";
import { putModel, putTurnedModel } from "../../../src/serve/_fixture.ts";
import { startRegistry, type RunningRegistry, type StartOptions } from "../registry/start.ts";
import { startLoad } from "./_load.ts";
import { startProcess, type RunningServer } from "./_process.ts";

interface Readiness {
  ready: boolean;
  model: { digest: string; origin: string; following?: { state: string; code?: string } };
}

/** Models in a registry of the test's own, and the settings of a server that follows them. */
async function provide(options: StartOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "slipway-follow-"));
  const started: RunningRegistry[] = [];
  onTestFinished(async () => {
    await Promise.all(started.map((registry) => registry.stop()));
    await rm(folder, { recursive: true });
  });
  const start = async (more: StartOptions = {}): Promise<RunningRegistry> => {
    const registry = await startRegistry({ ...options, folder, ...more });
    started.push(registry);
    return registry;
  };
  const registry = await start();
  const prefix = `${registry.host}/models`;
  return {
    store: openRegistryStore(prefix, { environment: {} }),
    registry,
    restart: () => start({ address: registry.host }),
    env: {
      SLIPWAY_STORE: "",
      SLIPWAY_REGISTRY: prefix,
      SLIPWAY_CACHE: join(folder, "cache"),
      SLIPWAY_FOLLOW: "digits:champion",
      SLIPWAY_FOLLOW_SECONDS: "1",
      SLIPWAY_LOG: "info",
    },
  };
}

async function readinessOf({ url }: RunningServer): Promise<Readiness> {
  return (await (await fetch(`${url}/readyz`)).json()) as Readiness;
}

async function stateOf(server: RunningServer): Promise<string | undefined> {
  return (await readinessOf(server)).model.following?.state;
}

async function metricOf({ url }: RunningServer, name: string): Promise<string | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split("\n")
    .find((line) => line.startsWith(`${name} `))
    ?.slice(name.length + 1);
}

test("each new champion serves within a look or two, and no request fails meanwhile", async () => {
  const { store, env } = await provide();
  const turns = new Map<string, number>();
  const promote = async (turn: number): Promise<string> => {
    const { digest } = await putTurnedModel(store, turn);
    turns.set(digest, turn);
    return digest;
  };
  await promote(0);
  const server = await startProcess(env);
  expect(await readinessOf(server)).toMatchObject({ ready: true, model: { origin: "registry" } });
  const load = startLoad(server.port, 24, (digest) => turns.get(digest) ?? Number.NaN);
  for (const turn of [1, 2, 3]) {
    const digest = await promote(turn);
    await expect.poll(async () => (await readinessOf(server)).model.digest).toBe(digest);
  }
  const tally = await load.stop();
  expect([tally.lost, tally.wrong]).toEqual([[], []]);
  expect([...tally.digests].toSorted()).toEqual([...turns.keys()].toSorted());
  expect(await metricOf(server, 'slipway_follow_alarm{alias="digits:champion",reason="away"}')).toBe("0");
});

test("starts from the last good copy when the registry is away, says so, and follows on when it is back", async () => {
  const { store, env, registry, restart } = await provide();
  const { digest } = await putTurnedModel(store, 3);
  const first = await startProcess(env);
  first.child.kill("SIGTERM");
  await first.exited;
  await registry.stop({ keep: true });

  const server = await startProcess(env);
  expect(server.log()).toContain("starts from the last good copy");
  expect(await readinessOf(server)).toMatchObject({ ready: true, model: { digest, origin: "cache" } });
  expect(await metricOf(server, 'slipway_model_origin{model="digits",origin="cache"}')).toBe("1");
  await expect.poll(() => stateOf(server)).toBe("away");
  expect(await metricOf(server, 'slipway_follow_alarm{alias="digits:champion",reason="away"}')).toBe("1");

  await restart();
  await expect
    .poll(() => readinessOf(server))
    .toMatchObject({ model: { digest, origin: "registry", following: { state: "current" } } });
  const next = await putTurnedModel(store, 4);
  await expect.poll(async () => (await readinessOf(server)).model.digest).toBe(next.digest);
});

test("whatever happens to registry and alias, the model that serves goes on serving", async () => {
  const { store, env, registry, restart } = await provide();
  const good = await putTurnedModel(store, 0);
  const server = await startProcess(env);
  const load = startLoad(server.port, 4, () => 0);

  // A model that is none.
  await putModel(store, Buffer.from("no ONNX at all"), good.signature);
  await expect.poll(() => stateOf(server)).toBe("refused");
  expect(await metricOf(server, 'slipway_follow_alarm{alias="digits:champion",reason="refused"}')).toBe("1");
  await store.setAlias("digits", "champion", good.digest);
  await expect.poll(() => stateOf(server)).toBe("current");

  await store.removeAlias("digits", "champion");
  await expect.poll(() => stateOf(server)).toBe("missing");
  await store.setAlias("digits", "champion", good.digest);
  await expect.poll(() => stateOf(server)).toBe("current");

  await registry.stop({ keep: true });
  await expect.poll(() => stateOf(server)).toBe("away");
  expect((await readinessOf(server)).model.following?.code).toBe("SLIPWAY_OCI_UNREACHABLE");
  await restart();
  await expect.poll(() => stateOf(server)).toBe("current");

  const tally = await load.stop();
  expect([tally.lost, tally.wrong]).toEqual([[], []]);
  expect([...tally.digests]).toEqual([good.digest]);
  const told = server
    .log()
    .split("\n")
    .filter((line) => /the followed alias|followed again/.test(line));
  // Once for each change, whatever the number of looks.
  expect(told).toHaveLength(6);
});

test("a broken champion at the start is passed over for the last good copy", async () => {
  const { store, env } = await provide();
  const good = await putTurnedModel(store, 2);
  const first = await startProcess(env);
  first.child.kill("SIGTERM");
  await first.exited;
  await putModel(store, Buffer.from("no ONNX at all"), good.signature);
  const server = await startProcess(env);
  expect(await readinessOf(server)).toMatchObject({ ready: true, model: { digest: good.digest, origin: "cache" } });
  await expect.poll(() => stateOf(server)).toBe("refused");
});

test("without an alias the server starts with the model it was released with; without either it ends with the reason", async () => {
  const { store, env, registry } = await provide();
  const { digest } = await putTurnedModel(store, 0);
  await store.removeAlias("digits", "champion");
  const server = await startProcess({ ...env, SLIPWAY_CACHE: "", SLIPWAY_MODEL: `digits@${digest}` });
  expect(await readinessOf(server)).toMatchObject({ ready: true, model: { digest } });
  await expect.poll(() => stateOf(server)).toBe("missing");
  await expect(startProcess({ ...env, SLIPWAY_CACHE: "" })).rejects.toThrow(
    /ended with 1: .*SLIPWAY_ARTIFACT_NOT_FOUND/s,
  );
  await registry.stop({ keep: true });
  await expect(startProcess(env)).rejects.toThrow(/ended with 5: .*SLIPWAY_OCI_UNREACHABLE/s);
});

test("the registry's login comes from a mounted docker config; without it the start fails, and no log has a secret", async () => {
  const home = await mkdtemp(join(tmpdir(), "slipway-login-"));
  onTestFinished(() => rm(home, { recursive: true }));
  // bcrypt of "correct horse"; the registry takes no other kind.
  const htpasswd = join(home, "htpasswd");
  await writeFile(htpasswd, "ada:$2b$04$MpKwbt8InE7aNJ1RYIunSumRugQkBg/AeFWwmflIbUVLKYWyFYFgC\n");
  const { env, registry } = await provide({ config: { auth: { htpasswd: { realm: "tests", path: htpasswd } } } });
  const credentials = { kind: "password", username: "ada", password: "correct horse" } as const;
  const { digest } = await putTurnedModel(openRegistryStore(env.SLIPWAY_REGISTRY, { credentials }), 0);
  const auth = Buffer.from("ada:correct horse").toString("base64");
  await writeFile(join(home, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));

  const server = await startProcess({ ...env, DOCKER_CONFIG: home });
  expect(await readinessOf(server)).toMatchObject({ ready: true, model: { digest } });
  expect(server.log()).not.toMatch(/correct horse|YWRhO/);
  const nobody = { ...env, SLIPWAY_CACHE: "", DOCKER_CONFIG: join(home, "nowhere"), HOME: home };
  await expect(startProcess(nobody)).rejects.toThrow(/ended with 5: .*SLIPWAY_OCI_UNAUTHORIZED/s);
});

test("an alias in a folder is followed too", async () => {
  const server = await startProcess({ SLIPWAY_FOLLOW: "digits:champion", SLIPWAY_FOLLOW_SECONDS: "1" });
  const { digest } = await putTurnedModel(server.stores.store, 6);
  await expect.poll(() => readinessOf(server)).toMatchObject({ model: { digest, origin: "store" } });
});
