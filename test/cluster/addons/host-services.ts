/** @file Parts that run on this machine beside the control plane: registry, Ingress and Gateway, LoadBalancer addresses, volumes, metrics. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeconfigPath, openPki } from "../pki.ts";
import type { PartCommand } from "../process.ts";
import { hostAddress, metricsPort, nodeFolder, nodes, registryInside, registryPort } from "../settings.ts";

export function registryPart(folder: string, program: string): PartCommand {
  const config = JSON.stringify({
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "registry") }, delete: { enabled: true } },
    // Every address: localhost for this machine, the bridge's for the nodes and the pods.
    http: { addr: `:${registryPort}`, secret: "for tests" },
  });
  const path = join(folder, "registry.json");
  writeFileSync(path, config);
  return {
    name: "registry",
    program,
    args: ["serve", path],
    env: { OTEL_TRACES_EXPORTER: "none" },
    inputs: config,
    health: { kind: "http", url: `http://${registryInside}/v2/` },
  };
}

export function traefik(folder: string, binaries: string): PartCommand {
  return {
    name: "traefik",
    program: join(binaries, "bin", "traefik"),
    args: [
      `--entryPoints.web.address=${hostAddress}:80`,
      "--entryPoints.traefik.address=127.0.0.1:8099",
      "--providers.kubernetesingress=true",
      `--providers.kubernetesingress.ingressendpoint.ip=${hostAddress}`,
      "--providers.kubernetesgateway=true",
      `--providers.kubernetesgateway.statusAddress.ip=${hostAddress}`,
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      "--ping",
      "--log.level=INFO",
    ],
    env: { KUBECONFIG: kubeconfigPath(folder, "admin") },
    health: { kind: "http", url: "http://127.0.0.1:8099/ping" },
  };
}

export function metallb(folder: string, binaries: string): PartCommand {
  return {
    name: "metallb",
    program: join(binaries, "bin", "metallb-controller"),
    args: [
      `--kubeconfig=${kubeconfigPath(folder, "admin")}`,
      "--namespace=metallb-system",
      "--webhook-mode=disabled",
      "--disable-cert-rotation",
      "--port=7473",
    ],
    env: { METALLB_BGP_TYPE: "" },
    health: { kind: "tcp", host: "127.0.0.1", port: 7473 },
  };
}

/** Makes and removes volumes by a helper pod on the node; `helperImage` has a shell. */
export function localPath(folder: string, binaries: string, helperImage: string): PartCommand {
  const config = JSON.stringify(localPathConfig(folder));
  const path = join(folder, "local-path.json");
  writeFileSync(path, config);
  return {
    name: "local-path",
    program: join(binaries, "bin", "local-path-provisioner"),
    args: [
      "start",
      `--config=${path}`,
      "--namespace=local-path-storage",
      `--helper-image=${helperImage}`,
      `--kubeconfig=${kubeconfigPath(folder, "admin")}`,
    ],
    inputs: config,
    health: { kind: "running" },
  };
}

export function localPathConfig(folder: string): object {
  return {
    nodePathMap: nodes.map((node) => ({ node: node.name, paths: [join(nodeFolder(folder, node), "volumes")] })),
  };
}

export function metricsServer(folder: string, binaries: string): PartCommand {
  const kubeconfig = kubeconfigPath(folder, "admin");
  return {
    name: "metrics-server",
    program: join(binaries, "bin", "metrics-server"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--bind-address=${hostAddress}`,
      `--secure-port=${metricsPort}`,
      `--cert-dir=${join(folder, "metrics-server")}`,
      "--kubelet-preferred-address-types=InternalIP",
      `--kubelet-certificate-authority=${openPki(folder).certificate("ca")}`,
      "--metric-resolution=10s",
      "--kubelet-request-timeout=8s",
    ],
    health: { kind: "https", url: `https://${hostAddress}:${metricsPort}/livez` },
  };
}
