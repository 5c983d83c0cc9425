/** @file Another person's terminal: applies one version of a project again and again. argv: kubeconfig, context, namespace, project, version, rounds. */
import { applyObjects } from "../../src/deploy/cluster/apply.ts";
import { openCluster } from "../../src/deploy/cluster/open.ts";
import { versionObjects } from "./_versions.ts";

const [kubeconfig = "", context = "", namespace = "", project = "", version = "", rounds = "1"] = process.argv.slice(2);
const cluster = await openCluster({ context, kubeconfig });
for (let round = 0; round < Number(rounds); round++) {
  const image = `${version}${round}`;
  await applyObjects(cluster, versionObjects(image), {
    project,
    namespace,
    release: { image, code: "sha256:code" },
    onEvent: ({ ref }) => process.stdout.write(`${image} ${ref.kind}\n`),
  });
}
cluster.close();
