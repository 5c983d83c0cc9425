/** @file Images that a node cannot get. */
import { type ContainerStatus, pick, type Pod } from "../shapes.ts";
import { refOf } from "../objects.ts";
import { eventsOf, quote } from "./events.ts";
import type { Check, Finding } from "./finding.ts";

const reasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "RegistryUnavailable",
]);

/** How a container runtime words it; the first that fits. */
const causes: readonly {
  code: string;
  seen: RegExp;
  cause: (image: string, node: string) => string;
  mend: string;
  final?: number;
}[] = [
  {
    code: "image-name-invalid",
    seen: /InvalidImageName|couldn't parse image|invalid reference format/i,
    cause: (image) => `${image} is no valid name of an image`,
    mend: "Correct the name: registry/repository@sha256:… or registry/repository:tag, in lower case.",
    final: 0,
  },
  {
    code: "image-wrong-platform",
    seen: /no match for platform|no matching manifest|does not match the specified platform/i,
    cause: (image) => `${image} does not exist for the node's architecture`,
    mend: "Build it for that platform too: --platform linux/amd64,linux/arm64.",
    final: 0,
  },
  {
    code: "image-plain-http",
    seen: /server gave HTTP response to HTTPS client/i,
    cause: (image) => `the registry of ${image} speaks plain HTTP, and the nodes expect HTTPS`,
    mend: "Tell the nodes' container runtime that this registry is plain HTTP (containerd: a hosts.toml in certs.d), or give the registry a certificate.",
    final: 10,
  },
  {
    code: "image-certificate",
    seen: /x509:|certificate signed by unknown authority|tls: /i,
    cause: (image) => `the nodes do not trust the certificate of the registry of ${image}`,
    mend: "Add the registry's CA to the nodes' container runtime, or use a registry whose certificate they trust.",
    final: 10,
  },
  {
    code: "image-unauthorized",
    seen: /unauthorized|authentication required|authorization failed|403 Forbidden|401 Unauthorized|pull access denied|insufficient_scope|denied/i,
    cause: (image) => `the registry does not let the nodes pull ${image}`,
    mend: "Name a Secret of type kubernetes.io/dockerconfigjson in deploy.pullSecrets, with credentials that may pull it; and check the repository's name.",
    final: 10,
  },
  {
    code: "image-not-found",
    seen: /not found|manifest unknown|name unknown|NotFound|does not exist/i,
    cause: (image) => `there is no image ${image}`,
    mend: "Check its name and tag or digest; push it again with `slipway image push`, to a registry that the nodes reach by that name.",
    final: 0,
  },
  {
    code: "image-not-imported",
    seen: /ErrImageNeverPull|is not present with pull policy of Never/i,
    cause: (image, node) => `${image} is not on ${node}, and it may not be pulled`,
    mend: "Bring it there: `slipway up` sends it into every node that deploy.import (or --import) names, `slipway image import` into one. Or keep the pods on nodes that have it (deploy.nodes, deploy.train.nodes), or name a registry that the nodes pull from (deploy.registry).",
    final: 5,
  },
  {
    code: "registry-unknown-host",
    seen: /no such host|server misbehaving|Temporary failure in name resolution|dial tcp: lookup /i,
    cause: (image) => `the nodes cannot resolve the registry's name in ${image}`,
    mend: "Use a name that the nodes' DNS knows (deploy.registry.pull may differ from push), or add it there.",
    final: 20,
  },
  {
    code: "image-behind-localhost",
    seen: /dial tcp (127\.0\.0\.1|\[::1\]):\d+: connect: connection refused/i,
    // The runtime asks its mirror first and tells only of the last place that it asked.
    cause: (image) =>
      `the nodes find no ${image}: it is not in the registry that stands for localhost there, or none does`,
    mend: "On a node, `localhost` is the node itself. Push it again; and check that the nodes' container runtime has a mirror for that name (containerd: certs.d/localhost:<port>/hosts.toml), or name the registry as the nodes reach it: deploy.registry.pull.",
    final: 10,
  },
  {
    code: "registry-unreachable",
    seen: /connection refused|i\/o timeout|no route to host|network is unreachable|deadline exceeded|connection reset|EOF/i,
    cause: (image) => `the nodes do not reach the registry of ${image}`,
    mend: "Check that the registry runs and that the nodes reach it: firewall, proxy, the port in its name (`localhost` is the node itself).",
    final: 45,
  },
];

export const explainImages: Check = (state) =>
  pick(state.objects, "Pod").flatMap((pod) => {
    const stuck = listStatuses(pod).filter(({ state: at }) => reasons.has(at?.waiting?.reason ?? ""));
    return stuck.map((status): Finding => {
      const waiting = status.state?.waiting;
      // What the node says of the container is at times only that it waits; the event of the failure has the reason then.
      const said = waiting?.message ?? "";
      const event = eventsOf(state, pod).findLast(
        ({ reason, message = "" }) => reason === "Failed" && !message.startsWith("Error: "),
      );
      const evidence = said.includes(": ") || event === undefined ? [said] : [quote(event)];
      const text = [waiting?.reason, ...evidence].join("\n");
      const image = pod.spec.containers.find(({ name }) => name === status.name)?.image ?? status.image;
      const known = causes.find(({ seen }) => seen.test(text.replaceAll(image, "")));
      const object = refOf(pod);
      if (known === undefined)
        return {
          code: "image-pull-failed",
          cause: `a node cannot pull ${image}`,
          evidence,
          mend: "See what the container runtime says above; `kubectl describe pod` has all of it.",
          object,
          final: 60,
        };
      const { code, cause, mend } = known;
      // A pod of before: the image may have come just now, and its node looks again after 10 to 15 s.
      const isOld = state.now - Date.parse(pod.metadata.creationTimestamp) > 15_000;
      const final = code === "image-not-imported" && isOld ? 20 : known.final;
      const { nodeName } = pod.spec;
      const node = nodeName === undefined ? "the node" : `the node ${nodeName}`;
      return { code, cause: cause(image, node), evidence, mend, object, ...(final !== undefined && { final }) };
    });
  });

function listStatuses({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}
