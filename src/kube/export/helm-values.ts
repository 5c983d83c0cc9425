/** @file `values.yaml` of a chart: what this project says. */
import { readExposure } from "../expose.ts";
import { toRequirements } from "../resources.ts";
import { serverDefaults } from "../deployment.ts";
import type { ServerRelease } from "../types.ts";
import { splitImage } from "./files.ts";
import { toYaml } from "./yaml.ts";

export function writeValues(release: ServerRelease): string {
  const { project, deploy, image, port } = release;
  const { repository, digest = "", tag = "" } = splitImage(image.reference);
  const { services, ingresses } = readExposure(project, deploy, port);
  const [service] = services;
  const [first] = service!.ports;
  const parts: readonly (readonly [comment: string, values: object])[] = [
    [
      "The digest goes before the tag: clear it to follow a tag.",
      { image: { repository, digest, tag, pullPolicy: image.pull } },
    ],
    deploy.scale === undefined
      ? ["", { replicas: deploy.replicas ?? 1 }]
      : [
          "The number of pods is the autoscaler's. `cpu` is percent of what a pod asks for.",
          { autoscaling: deploy.scale },
        ],
    ["", { resources: toRequirements(deploy.resources, serverDefaults) }],
    [
      "ClusterIP, NodePort or LoadBalancer. The network policy is the project's: it does not follow.",
      {
        service: {
          type: service!.type,
          port: first!.port,
          ...(first!.nodePort !== undefined && { nodePort: first!.nodePort }),
        },
      },
    ],
    ...ingresses
      .slice(0, 1)
      .map(
        ({ class: className = "", host = "", path = "/", tlsSecret = "" }) =>
          ["Empty texts are left out.", { ingress: { enabled: true, className, host, path, tlsSecret } }] as const,
      ),
  ];
  return parts.map(([comment, values]) => (comment === "" ? "" : `# ${comment}\n`) + toYaml(values)).join("");
}
