/** @file Images that are brought into nodes without a registry, as the kubelet sees them. */
import { describe, expect, test } from "vitest";
import { chooseDelivery, referTo } from "../../src/image/delivery/choose.ts";
import { listPlatforms, readHere, toNodeFacts } from "../../src/image/delivery/nodes.ts";
import { openNodes } from "../../src/image/destinations/find.ts";
import { importedName } from "../../src/image/imported-name.ts";
import { printImage } from "../../src/image/manifest.ts";
import { textEntry } from "../../src/image/tar/entry.ts";
import { command } from "./command.ts";
import { busyboxEntries, makeImage } from "./images.ts";
import { kubectl, kubectlApply, kubectlJson, useCluster, useNamespace } from "./use.ts";

const cluster = await useCluster();
const [first, second] = cluster.nodes;
const patient = { timeout: 90_000, interval: 250 };

interface PodStatus {
  phase: string;
  containerStatuses?: { imageID: string; state: { waiting?: { reason: string; message: string } } }[];
}

describe("the way to this cluster", () => {
  test("is the registry that it names itself, with what pods call it", async ({ skip }) => {
    if (cluster.parts === undefined) skip("another cluster has another registry, or none");
    const [{ data }, { items }] = await Promise.all([
      kubectlJson<{ data: Record<string, string> }>(
        cluster,
        "--namespace=kube-public",
        "get",
        "configmap",
        "local-registry-hosting",
      ),
      kubectlJson<{ items: object[] }>(cluster, "get", "nodes"),
    ]);
    const nodes = items.map(toNodeFacts);
    const delivery = await chooseDelivery({ context: cluster.context, hosting: data, nodes, here: readHere() });
    expect(delivery).toMatchObject({
      kind: "registry",
      push: cluster.registry,
      pull: cluster.registry,
      inside: cluster.registryInside,
      insecure: true,
    });
    expect(listPlatforms(nodes).length).toBe(1);
  });
});

describe.skipIf(first?.containerdSocket === undefined)("an image in one node's containerd alone", () => {
  test("runs there by the name of its content, never asks a registry, and is said to be missing elsewhere", async () => {
    await using namespace = await useNamespace(cluster, "import");
    // Another content each time: what an earlier run left would make the test easy.
    const layers = [await busyboxEntries(), [textEntry("www/index.html", namespace.name)]];
    const image = await makeImage(layers, { User: "65532:65532", Cmd: ["/bin/sleep", "600"] });
    const { digest } = printImage(image).manifest.descriptor;
    const delivery = { kind: "import", to: [`containerd:${first!.containerdSocket}`], why: "this test" } as const;
    const { reference, pull } = referTo(delivery, "import", digest);
    expect(reference).toBe(importedName("import", digest));
    const pinned = `slipway.local/import@${digest}`;
    const names = [reference, pinned];
    await openNodes(delivery.to).import(image, names);

    const status = async (name: string) =>
      (await kubectlJson<{ status: PodStatus }>(cluster, `--namespace=${namespace.name}`, "get", "pod", name)).status;
    const waiting = async (name: string) => (await status(name)).containerStatuses?.[0]?.state.waiting?.reason;
    await kubectlApply(cluster, namespace.name, [
      pod("here", first!.name, reference, pull),
      // containerd knows images by their digest too where they were given such a name.
      pod("pinned", first!.name, pinned, pull),
      pod("elsewhere", second!.name, reference, pull),
    ]);
    for (const name of ["here", "pinned"])
      await expect.poll(async () => (await status(name)).phase, patient).toBe("Running");
    expect((await status("here")).containerStatuses?.[0]?.imageID).toContain(digest);
    await expect.poll(() => waiting("elsewhere"), patient).toBe("ErrImageNeverPull");

    await kubectl(cluster, `--namespace=${namespace.name}`, "delete", "pods", "--all", "--grace-period=0", "--force");
    await command("ctr", ["-a", first!.containerdSocket!, "-n", "k8s.io", "images", "rm", ...names]);
  });
});

function pod(name: string, node: string, image: string, pull: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "server", image, imagePullPolicy: pull }],
    },
  };
}
