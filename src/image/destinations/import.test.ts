/** @file Destinations whose programs are not on every machine: recording ones stand for them, and what they were fed must be a whole archive. */
import { gunzipSync } from "node:zlib";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { ociLayoutOf } from "../fixtures/archive.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { recordPrograms, type Answer } from "../fixtures/programs.ts";
import {
  destinationUnknown,
  importDenied,
  importFailed,
  importIncomplete,
  importUnreachable,
  nodesDiffer,
  nodesMissing,
  programMissing,
  socketMissing,
} from "../errors.ts";
import { importedName } from "../imported-name.ts";
import { appendLayer, emptyImage } from "../image.ts";
import { storedLayer } from "../layer.ts";
import { printImage } from "../manifest.ts";
import { herePlatform, printPlatform } from "../platform.ts";
import { textEntry } from "../tar/entry.ts";
import { readTar } from "../tar/read.ts";
import type { Image } from "../types.ts";
import { findImporter, openNodes } from "./find.ts";

const name = "slipway.local/digits:1a2b3c4d5e6f";

async function sampleImage(): Promise<Image> {
  const base = appendLayer(
    emptyImage({ os: "linux", architecture: "amd64" }),
    await storedLayer("base", [textEntry("etc/motd", "hello".repeat(50_000))]),
  );
  return appendLayer(base, await storedLayer("model", [textEntry("app/model", "weights")]));
}

const image = await sampleImage();
const { config, manifest } = printImage(image);

/** What `docker load` reads: the config by its own digest, and every layer as its diff id says. */
function checkDockerArchive(bytes: Buffer): void {
  const files = new Map([...readTar(bytes, "input")].map((file) => [file.path, file.bytes]));
  const [entry] = JSON.parse(Buffer.from(files.get("manifest.json")!).toString()) as [
    { Config: string; RepoTags: string[]; Layers: string[] },
  ];
  expect(entry.RepoTags).toEqual([name]);
  expect(digestOf(files.get(entry.Config)!)).toBe(config.descriptor.digest);
  expect(entry.Layers.map((path) => digestOf(gunzipSync(files.get(path)!)))).toEqual(
    image.layers.map(({ diffId }) => diffId),
  );
}

describe.each([
  { to: "docker", calls: "docker", id: `${config.descriptor.digest}\n`, digest: config.descriptor.digest },
  // Docker's containerd store.
  { to: "docker", calls: "docker", id: `${manifest.descriptor.digest}\n`, digest: manifest.descriptor.digest },
  { to: "podman", calls: "podman", id: `${config.descriptor.digest.slice(7)}\n`, digest: config.descriptor.digest },
  {
    to: "nerdctl",
    calls: "nerdctl --namespace k8s.io",
    id: `${config.descriptor.digest}\n`,
    digest: config.descriptor.digest,
  },
])("$to, which calls it $digest,", ({ to, calls, id, digest }) => {
  const answers: Answer[] = [
    { words: /image inspect/, prints: id, loads: true },
    { words: /image inspect/, complains: "No such image", code: 1 },
    { words: /load$/, prints: `Loaded image: ${name}\n` },
  ];

  test("is fed a docker archive once, and asked whether it has it", async () => {
    const { environment, calls: called, input } = await recordPrograms({ [to]: answers });
    const importer = findImporter(to, { environment });
    const first = await importer.import(image, [name]);
    const bytes = await input();
    checkDockerArchive(bytes);
    expect(first).toEqual({ digest, places: [{ place: to, sent: bytes.length }] });
    expect(await importer.import(image, [name])).toEqual({ digest, places: [{ place: to, sent: 0 }] });
    const inspect = `${calls} image inspect --format {{.Id}} ${name}`;
    expect(await called()).toEqual([inspect, `${calls} load`, inspect, inspect]);
  });
});

test("docker and podman say for which platform they run, which may be another machine's", async () => {
  const { environment } = await recordPrograms({
    docker: [{ words: /version --format \{\{\.Server\.Os\}\}\/\{\{\.Server\.Arch\}\}/, prints: "linux/arm64\n" }],
    podman: [{ words: /version --format/, prints: "linux/amd64\n" }],
  });
  expect(await findImporter("docker", { environment }).platform()).toEqual({ os: "linux", architecture: "arm64" });
  expect(await findImporter("podman", { environment }).platform()).toEqual({ os: "linux", architecture: "amd64" });
});

test("docker that takes the image and then has it not is found out", async () => {
  const { environment } = await recordPrograms({ docker: [{ words: /inspect/, code: 1 }, { words: /load/ }] });
  await expect(findImporter("docker", { environment }).import(image, [name])).rejects.toThrow(
    importIncomplete({ destination: "docker", why: `\`docker image inspect\` finds 0 of ${name}` }),
  );
});

test("minikube is fed on its standard input, in the profile that was named, and its list is asked", async () => {
  const { environment, calls, input } = await recordPrograms({
    minikube: [
      { words: /image ls/, prints: `registry.k8s.io/pause:3.10\n${name}\n`, loads: true },
      { words: /image load -$/ },
    ],
  });
  const { places } = await findImporter("minikube:dev", { environment }).import(image, [name]);
  checkDockerArchive(await input());
  expect(places).toEqual([{ place: "minikube dev", sent: (await input()).length }]);
  expect(await calls()).toEqual(["minikube -p dev image load -", "minikube -p dev image ls"]);
});

test("minikube is not fed what it lists by the name of its content; it is asked before anything is made for it", async () => {
  const own = importedName("digits", manifest.descriptor.digest);
  const { environment, calls } = await recordPrograms({
    minikube: [{ words: /image ls/, prints: `${own}\n` }],
  });
  const minikube = findImporter("minikube", { environment });
  expect(printPlatform(await minikube.platform())).toBe(printPlatform(herePlatform()));
  const { places } = await minikube.import(image, [own]);
  expect(places).toEqual([{ place: "minikube minikube", sent: 0 }]);
  expect(await calls()).toEqual(["minikube -p minikube image ls", "minikube -p minikube image ls"]);
});

test("minikube that lists it not is found out", async () => {
  const { environment } = await recordPrograms({ minikube: [{ words: /image ls/ }, { words: /image load/ }] });
  await expect(findImporter("minikube", { environment }).import(image, [name])).rejects.toThrow(
    importIncomplete({ destination: "minikube minikube", why: `\`minikube image ls\` does not list ${name}` }),
  );
});

const line = (status: string, digest: string = manifest.descriptor.digest) =>
  `REF TYPE DIGEST STATUS SIZE UNPACKED\n${name} application/vnd.oci.image.manifest.v1+json ${digest} ${status}\n`;

const ctr = (words: string): Answer[] => [
  { words: new RegExp(`${words} images check`), prints: line("complete (4/4) 4.3 KiB/4.3 KiB true"), loads: true },
  { words: new RegExp(`${words} images check`), prints: "REF TYPE DIGEST STATUS SIZE UNPACKED\n" },
  { words: new RegExp(`${words} content ls -q`), prints: `${image.layers[0]!.descriptor.digest}\nsha256:other\n` },
  { words: new RegExp(`${words} images import -`), prints: `unpacking ${name}...done\n` },
];

test("every node of a kind cluster gets what it lacks, by its own ctr; a balancer is no node", async () => {
  const { environment, calls, input } = await recordPrograms({
    kind: [{ words: /^get nodes --name dev$/, prints: "dev-control-plane\ndev-worker\ndev-external-load-balancer\n" }],
    docker: [...ctr("exec -i dev-control-plane ctr -n k8s\\.io"), ...ctr("exec -i dev-worker ctr -n k8s\\.io")],
  });
  const { places, digest } = await findImporter("kind:dev", { environment }).import(image, [name]);
  expect(digest).toBe(manifest.descriptor.digest);
  const { index, blobs } = ociLayoutOf(await input());
  expect(index.manifests.map(({ annotations }) => annotations["io.containerd.image.name"])).toEqual([name]);
  // The base is there already: only the model goes, with the documents that name both.
  expect(blobs).toEqual(
    [image.layers[1]!.descriptor.digest, config.descriptor.digest, manifest.descriptor.digest].toSorted(),
  );
  expect(places[0]).toEqual({ place: "dev-control-plane", sent: (await input()).length });
  expect((await calls()).slice(0, 5)).toEqual([
    "kind get nodes --name dev",
    `docker exec -i dev-control-plane ctr -n k8s.io images check name=="${name}"`,
    "docker exec -i dev-control-plane ctr -n k8s.io content ls -q",
    "docker exec -i dev-control-plane ctr -n k8s.io images import -",
    `docker exec -i dev-control-plane ctr -n k8s.io images check name=="${name}"`,
  ]);
});

test("kind on podman is reached by podman", async () => {
  const { environment, calls } = await recordPrograms({
    kind: [{ words: /^get nodes --name kind$/, prints: "kind-control-plane\n" }],
    podman: ctr("exec -i kind-control-plane ctr -n k8s\\.io"),
  });
  await findImporter("kind", { environment: { ...environment, KIND_EXPERIMENTAL_PROVIDER: "podman" } }).import(image, [
    name,
  ]);
  expect((await calls())[1]).toMatch(/^podman exec -i kind-control-plane ctr/);
});

test("k3d's servers and agents are found by their labels", async () => {
  const list = "ps --filter label=k3d\\.cluster=dev --filter label=k3d\\.role --format";
  const { environment, calls } = await recordPrograms({
    docker: [
      { words: new RegExp(`^${list}`), prints: "loadbalancer k3d-dev-serverlb\nserver k3d-dev-server-0\n" },
      ...ctr("exec -i k3d-dev-server-0 ctr -n k8s\\.io"),
    ],
  });
  const { places } = await findImporter("k3d:dev", { environment }).import(image, [name]);
  expect(places.map(({ place }) => place)).toEqual(["k3d-dev-server-0"]);
  expect((await calls()).length).toBe(5);
});

test.each([
  ["kind:dev", { kind: [{ words: /get nodes/, complains: "No kind nodes found" }] }],
  ["k3d:dev", { docker: [{ words: /ps/ }] }],
])("%s without nodes is named", async (to, programs) => {
  const { environment } = await recordPrograms(programs);
  await expect(findImporter(to, { environment }).import(image, [name])).rejects.toMatchObject({
    code: nodesMissing.code,
  });
});

test("k3s brings its own ctr; a namespace may be named", async () => {
  const { environment, calls } = await recordPrograms({ k3s: ctr("ctr -n own") });
  await findImporter("k3s", { environment, namespace: "own" }).import(image, [name]);
  expect((await calls())[0]).toBe(`k3s ctr -n own images check name=="${name}"`);
});

test.each([
  ["incomplete (3/4) 4.2 KiB/4.3 KiB true", manifest.descriptor.digest],
  ["complete (4/4) 4.3 KiB/4.3 KiB false", manifest.descriptor.digest],
  ["complete (4/4) 4.3 KiB/4.3 KiB true", digestOf("another image")],
])("what containerd says of it afterwards counts: %s", async (status, digest) => {
  const { environment } = await recordPrograms({
    k3s: [{ words: /images check/, prints: line(status, digest) }, { words: /content ls/ }, { words: /images import/ }],
  });
  await expect(findImporter("k3s", { environment }).import(image, [name])).rejects.toMatchObject({
    code: importIncomplete.code,
    details: { destination: "k3s" },
  });
});

test("what was collected while the rest was sent goes once more, all of it", async () => {
  const { environment, input, calls } = await recordPrograms({
    k3s: [
      { words: /images check/, prints: line("complete (4/4) 4.3 KiB/4.3 KiB true"), loads: true },
      { words: /images check/ },
      // It says that it has the base, and refuses an archive without it: the second time it takes what comes.
      { words: /content ls/, prints: `${image.layers[0]!.descriptor.digest}\n` },
      { words: /images import/, complains: "ctr: content digest sha256:…: not found", code: 1, once: true },
      { words: /images import/ },
    ],
  });
  const { places } = await findImporter("k3s", { environment }).import(image, [name]);
  expect(ociLayoutOf(await input()).blobs.length).toBe(4);
  expect(places[0]!.sent).toBe((await input()).length);
  expect((await calls()).filter((call) => call.includes("import")).length).toBe(2);
});

test.each([
  [
    'ctr: failed to dial "/run/k3s/containerd/containerd.sock": dial unix: connect: permission denied',
    importDenied.code,
  ],
  ["Cannot connect to the Docker daemon. Is the docker daemon running?", importUnreachable.code],
  ["ctr: unrecognized image format", importFailed.code],
])("what a program complains of is kept, and has its mend: %s", async (complains, code) => {
  const { environment, calls } = await recordPrograms({ k3s: [{ words: /./, complains, code: 1 }] });
  const wanted = { code, details: { destination: "k3s", why: complains } };
  const k3s = findImporter("k3s", { environment });
  await expect(k3s.import(image, [name])).rejects.toMatchObject(wanted);
  // Who only asks for its platform hears of it too, before anything is made.
  await expect(k3s.platform()).rejects.toMatchObject(wanted);
  expect((await calls()).at(-1)).toBe("k3s ctr -n k8s.io version");
});

test("a socket that is not there is told at once", async () => {
  const path = join(await scratchFolder(), "containerd.sock");
  const containerd = findImporter(`containerd:${path}`);
  for (const asking of [containerd.platform(), containerd.import(image, [name])])
    await expect(asking).rejects.toMatchObject({ code: socketMissing.code, details: { socket: path } });
});

test("a program that is not there is named", async () => {
  const environment = { PATH: await scratchFolder() };
  for (const to of ["kind", "docker", "podman", "minikube", "k3s"])
    await expect(findImporter(to, { environment }).import(image, [name])).rejects.toMatchObject({
      code: programMissing.code,
      details: { program: to },
    });
});

test("a layer that cannot be read ends the program, and is what is told", async () => {
  const { environment } = await recordPrograms({ docker: [{ words: /inspect/, code: 1 }, { words: /load/ }] });
  const [base, model] = image.layers;
  const broken: Image = {
    ...image,
    layers: [
      base!,
      {
        ...model!,
        content: {
          ...model!.content,
          read: async function* () {
            yield new Uint8Array(1);
            throw new Error("the disk is gone");
          },
        },
      },
    ],
  };
  await expect(findImporter("docker", { environment }).import(broken, [name])).rejects.toThrow("the disk is gone");
});

test("stopped by its user, it stops", async () => {
  const { environment, calls } = await recordPrograms({ docker: [{ words: /./ }] });
  const signal = AbortSignal.abort(new Error("Ctrl-C"));
  await expect(findImporter("docker", { environment }).import(image, [name], { signal })).rejects.toThrow("Ctrl-C");
  expect(await calls()).toEqual([]);
});

test("a file and a folder are destinations too", async () => {
  const folder = await scratchFolder();
  await findImporter(join(folder, "digits.tar")).import(image, [name]);
  await findImporter(`${folder}/layout`).import(image, [name]);
  expect((await readdir(folder)).toSorted()).toEqual(["digits.tar", "layout"]);
  expect(await readdir(join(folder, "layout"))).toContain("oci-layout");
});

describe("nodes that are reached one by one", () => {
  const answers = (architecture: string): Answer[] => [
    { words: /version --format/, prints: `linux/${architecture}\n` },
    { words: /image inspect/, prints: `${config.descriptor.digest}\n`, loads: true },
    { words: /image inspect/, code: 1 },
    { words: /load$/ },
  ];

  test("all get the image, and each place is told", async () => {
    const { environment } = await recordPrograms({ docker: answers("amd64"), podman: answers("amd64") });
    const nodes = openNodes(["docker", "podman"], { environment });
    expect(nodes.name).toBe("docker, podman");
    expect(await nodes.platform()).toEqual({ os: "linux", architecture: "amd64" });
    const { digest, places } = await nodes.import(image, [name]);
    expect(digest).toBe(config.descriptor.digest);
    expect(places.map(({ place }) => place)).toEqual(["docker", "podman"]);
  });

  test("of different architectures are refused: one image is made for all", async () => {
    const { environment } = await recordPrograms({ docker: answers("amd64"), podman: answers("arm64") });
    await expect(openNodes(["docker", "podman"], { environment }).platform()).rejects.toThrow(
      nodesDiffer({ one: "docker: linux/amd64", other: "podman: linux/arm64" }),
    );
  });

  test("end with the first fault", async () => {
    const refuses: Answer[] = [
      { words: /images check/ },
      { words: /./, complains: "no space left on device", code: 1 },
    ];
    const { environment } = await recordPrograms({ docker: answers("amd64"), k3s: refuses });
    await expect(openNodes(["docker", "k3s"], { environment }).import(image, [name])).rejects.toMatchObject({
      code: importFailed.code,
      details: { destination: "k3s", why: "no space left on device" },
    });
  });

  test.each(["digits.tar", "a/folder", "knd"])("no pod runs from %s", (to) => {
    expect(() => openNodes(["docker", to])).toThrow(
      destinationUnknown({
        seen: to,
        wanted:
          "containerd[:socket], kind[:name], k3d[:name], minikube[:profile], k3s, ssh:host, docker, podman, nerdctl",
      }),
    );
  });
});

test.each(["knd", "docker:x", "kind:", "", "Kind"])("%j is no destination", (to) => {
  expect(() => findImporter(to)).toThrow(
    destinationUnknown({
      seen: to,
      wanted:
        "containerd[:socket], kind[:name], k3d[:name], minikube[:profile], k3s, ssh:host, docker, podman, nerdctl, <file>",
    }),
  );
});

test("an image's name says what is in it", () => {
  expect(importedName("digits", manifest.descriptor.digest)).toBe(
    `slipway.local/digits:${manifest.descriptor.digest.slice(7, 19)}`,
  );
});
