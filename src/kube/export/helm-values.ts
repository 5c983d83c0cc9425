/** @file `values.yaml` of a chart: what this project says. */
import { readExposure } from "../expose.ts";
import { toRequirements } from "../resources.ts";
import { serverDefaults } from "../deployment.ts";
import { usualTimeZone } from "../cron-job.ts";
import { trainerDefaults } from "../job.ts";
import type { ImageSource, TrainingRun } from "../types.ts";
import { splitImage } from "./files.ts";
import type { Exportable } from "./objects.ts";
import { toYaml } from "./yaml.ts";

export function writeValues({ release, run }: Exportable): string {
  const { project, deploy, image, port } = release;
  const { services, ingresses } = readExposure(project, deploy, port);
  const [service] = services;
  const [first] = service!.ports;
  const parts: readonly (readonly [comment: string, values: object])[] = [
    ["The digest goes before the tag: clear it to follow a tag.", { image: describeImage(image) }],
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
    ...(run === undefined
      ? []
      : [["Training by the clock, and what only it needs.", { training: describeTraining(run) }] as const]),
  ];
  return parts.map(([comment, values]) => (comment === "" ? "" : `# ${comment}\n`) + toYaml(values)).join("");
}

function describeImage({ reference, pull }: ImageSource): object {
  const { repository, digest = "", tag = "" } = splitImage(reference);
  return { repository, digest, tag, pullPolicy: pull };
}

function describeTraining({ image, deploy: { train = {} } }: TrainingRun): object {
  const { schedule, timeZone = usualTimeZone, resources } = train;
  return {
    enabled: true,
    schedule,
    timeZone,
    image: describeImage(image),
    resources: toRequirements(resources, trainerDefaults),
  };
}
