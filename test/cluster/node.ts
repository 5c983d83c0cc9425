/** @file What runs on a node, each in the node's network namespace: containerd, kubelet, kube-proxy, and Calico's felix. */
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureCgroups } from "./cgroups.ts";
import { command } from "./command.ts";
import { kubeconfigPath, openPki } from "./pki.ts";
import type { PartCommand } from "./process.ts";
import {
  containerdSocket,
  dnsServiceAddress,
  hostAddress,
  nodeFolder,
  pauseImage,
  podRange,
  registry,
  registryPort,
  type NodeSettings,
} from "./settings.ts";

const systemPlugins = "/usr/lib/cni";

export interface NodeParts {
  containerd: PartCommand;
  felix: PartCommand;
  kubelet: PartCommand;
  proxy: PartCommand;
}

/** Writes the node's files, and says how its parts are started. */
export async function prepareNode(
  folder: string,
  node: NodeSettings,
  binaries: { kubernetes: string; calico: string },
): Promise<NodeParts> {
  const home = nodeFolder(folder, node);
  for (const each of ["cni", "calico", "containerd", "kubelet", "volumes", `certs.d/${registry}`])
    await mkdir(join(home, each), { recursive: true });
  writeChanged(join(home, "certs.d", registry, "hosts.toml"), `[host."http://${hostAddress}:${registryPort}"]\n`);
  writeChanged(join(home, "cni", "10-calico.conflist"), JSON.stringify(networkConfig(folder, node)));
  ensureCgroups(node);
  const config = containerdConfig(folder, node);
  writeChanged(join(home, "containerd.toml"), config);
  const kubelet = JSON.stringify(kubeletConfig(folder, node));
  writeChanged(join(home, "kubelet.yaml"), kubelet);
  const proxy = JSON.stringify(proxyConfig(folder, node));
  writeChanged(join(home, "proxy.yaml"), proxy);
  const bin = (name: string) => join(binaries.kubernetes, "bin", name);
  return {
    containerd: {
      ...inNode(node, "containerd", ["containerd", "--config", join(home, "containerd.toml")]),
      inputs: config,
      health: { kind: "socket", path: containerdSocket(folder, node) },
    },
    felix: {
      ...inNode(node, "felix", [join(binaries.calico, "bin", "calico-felix")]),
      env: felixEnvironment(folder, node),
      health: { kind: "http", url: `http://${node.address}:9099/readiness` },
    },
    kubelet: {
      ...inNode(node, "kubelet", [
        bin("kubelet"),
        `--config=${join(home, "kubelet.yaml")}`,
        `--kubeconfig=${kubeconfigPath(folder, node.name)}`,
        `--hostname-override=${node.name}`,
        `--node-ip=${node.address}`,
        `--node-labels=${Object.entries(node.labels)
          .map((pair) => pair.join("="))
          .join(",")}`,
        `--root-dir=${join(home, "kubelet")}`,
        `--cert-dir=${join(home, "kubelet", "pki")}`,
      ]),
      inputs: kubelet,
      health: { kind: "http", url: `http://${node.address}:10248/healthz` },
    },
    proxy: {
      ...inNode(node, "kube-proxy", [bin("kube-proxy"), `--config=${join(home, "proxy.yaml")}`]),
      inputs: proxy,
      health: { kind: "http", url: `http://${node.address}:10256/livez` },
    },
  };
}

/** kube-proxy ends by itself when its file is written, whatever is in it. */
function writeChanged(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}

/** The image that holds a pod's namespaces has to be there before any registry is asked. */
export async function importPause(folder: string, node: NodeSettings, archive: string): Promise<void> {
  const ctr = (...args: string[]) =>
    command("ctr", ["--address", containerdSocket(folder, node), "--namespace", "k8s.io", ...args]);
  const names = await ctr("images", "list", "--quiet");
  if (!names.split("\n").includes(pauseImage)) await ctr("images", "import", archive);
}

/** `nsenter`, unlike `ip netns exec`, leaves /sys/fs/cgroup where it is. */
function inNode(node: NodeSettings, part: string, words: readonly string[]) {
  return {
    name: `${part}-${node.name}`,
    program: "nsenter",
    args: [`--net=/run/netns/${node.namespace}`, ...words],
  };
}

/** A folder of our own for the network's plugins, so that nothing is left in the system's. */
export async function linkPlugins(folder: string, calico: string): Promise<void> {
  const target = join(folder, "cni-bin");
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  for (const name of ["host-local", "loopback", "portmap"]) symlinkSync(join(systemPlugins, name), join(target, name));
  symlinkSync(join(calico, "bin", "calico"), join(target, "calico"));
}

function networkConfig(folder: string, node: NodeSettings): object {
  const home = nodeFolder(folder, node);
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        type: "calico",
        datastore_type: "kubernetes",
        nodename: node.name,
        nodename_file_optional: true,
        mtu: 1500,
        // A pod starts when its policies are in force, not a moment before.
        policy_setup_timeout_seconds: 10,
        endpoint_status_dir: join(home, "calico", "endpoint-status"),
        log_level: "Info",
        log_file_path: join(folder, "logs", `cni-${node.name}.log`),
        ipam: { type: "host-local", ranges: [[{ subnet: node.podRange }]], dataDir: join(home, "addresses") },
        policy: { type: "k8s" },
        kubernetes: { kubeconfig: kubeconfigPath(folder, "admin") },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  };
}

function felixEnvironment(folder: string, node: NodeSettings): Record<string, string> {
  return {
    KUBECONFIG: kubeconfigPath(folder, "admin"),
    FELIX_DATASTORETYPE: "kubernetes",
    FELIX_FELIXHOSTNAME: node.name,
    // kube-proxy has nftables tables of its own; the two do not meet.
    FELIX_IPTABLESBACKEND: "NFT",
    FELIX_BPFENABLED: "false",
    FELIX_IPV6SUPPORT: "false",
    FELIX_INTERFACEPREFIX: "cali",
    FELIX_DEFAULTENDPOINTTOHOSTACTION: "ACCEPT",
    FELIX_USAGEREPORTINGENABLED: "false",
    FELIX_ENDPOINTSTATUSPATHPREFIX: join(nodeFolder(folder, node), "calico"),
    FELIX_HEALTHENABLED: "true",
    FELIX_HEALTHHOST: node.address,
    FELIX_HEALTHPORT: "9099",
    FELIX_LOGFILEPATH: "none",
    FELIX_LOGSEVERITYFILE: "none",
    FELIX_LOGSEVERITYSYS: "none",
    FELIX_LOGSEVERITYSCREEN: "info",
  };
}

function containerdConfig(folder: string, node: NodeSettings): string {
  const home = nodeFolder(folder, node);
  return `version = 2
root = "${home}/containerd/root"
state = "${home}/containerd/state"
[grpc]
address = "${containerdSocket(folder, node)}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pauseImage}"
# Without CAP_SYS_RESOURCE a score cannot be lowered, and no pod would start.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${folder}/cni-bin"
conf_dir = "${home}/cni"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "${home}/certs.d"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "${home}/runc"
[plugins."io.containerd.internal.v1.opt"]
path = "${home}/containerd/opt"
`;
}

function kubeletConfig(folder: string, node: NodeSettings): object {
  const home = nodeFolder(folder, node);
  const { certificate, key } = openPki(folder);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: node.address,
    healthzBindAddress: node.address,
    healthzPort: 10248,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certificate("ca") },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${node.cgroup}`,
    cgroupsPerQOS: true,
    enforceNodeAllocatable: ["pods"],
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [dnsServiceAddress],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${containerdSocket(folder, node)}`,
    tlsCertFile: certificate(node.name),
    tlsPrivateKeyFile: key(node.name),
    volumePluginDir: join(home, "volume-plugins"),
    podLogsDir: join(home, "pods"),
    readOnlyPort: 0,
    // The disk is this machine's, and other things fill it: pods are not evicted nor images removed for that.
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "1%",
      "imagefs.available": "1%",
      "nodefs.inodesFree": "1%",
    },
    imageGCHighThresholdPercent: 99,
    imageGCLowThresholdPercent: 98,
    nodeStatusUpdateFrequency: "4s",
    syncFrequency: "10s",
    serializeImagePulls: false,
    registryPullQPS: 0,
  };
}

function proxyConfig(folder: string, node: NodeSettings): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: kubeconfigPath(folder, "kube-proxy") },
    mode: "nftables",
    clusterCIDR: podRange,
    hostnameOverride: node.name,
    // The limits of connection tracking are this machine's own.
    conntrack: { maxPerCore: 0 },
    healthzBindAddress: `${node.address}:10256`,
    metricsBindAddress: "127.0.0.1:10249",
    nodePortAddresses: ["0.0.0.0/0"],
  };
}
