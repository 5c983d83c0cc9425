/** @file etcd and the three processes of a control plane, as commands. */
import { join } from "node:path";
import { kubeconfigPath, openPki } from "./pki.ts";
import type { PartCommand } from "./process.ts";
import { hostAddress, podRange, serviceRange } from "./settings.ts";

const etcdUrl = "http://127.0.0.1:2379";

export function etcd(folder: string, binaries: string): PartCommand {
  return {
    name: "etcd",
    program: join(binaries, "bin", "etcd"),
    args: [
      `--data-dir=${join(folder, "etcd")}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      "--listen-peer-urls=http://127.0.0.1:2380",
      // Power cuts are none of the tests' business, and disks of CI machines are slow.
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
    health: { kind: "http", url: `${etcdUrl}/health` },
  };
}

export function apiserver(folder: string, binaries: string): PartCommand {
  const { certificate, key } = openPki(folder);
  const publicKey = join(folder, "pki", "sa.pub");
  return {
    name: "apiserver",
    program: join(binaries, "bin", "kube-apiserver"),
    args: [
      `--etcd-servers=${etcdUrl}`,
      `--service-cluster-ip-range=${serviceRange}`,
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      "--allow-privileged=true",
      `--advertise-address=${hostAddress}`,
      `--bind-address=${hostAddress}`,
      "--secure-port=6443",
      `--client-ca-file=${certificate("ca")}`,
      `--tls-cert-file=${certificate("apiserver")}`,
      `--tls-private-key-file=${key("apiserver")}`,
      `--kubelet-client-certificate=${certificate("kubelet-client")}`,
      `--kubelet-client-key=${key("kubelet-client")}`,
      `--kubelet-certificate-authority=${certificate("ca")}`,
      "--kubelet-preferred-address-types=InternalIP",
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${publicKey}`,
      `--service-account-signing-key-file=${key("sa")}`,
      `--requestheader-client-ca-file=${certificate("ca")}`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-username-headers=X-Remote-User",
      `--proxy-client-cert-file=${certificate("front-proxy")}`,
      `--proxy-client-key-file=${key("front-proxy")}`,
      // metrics-server runs on this machine, which is no pod: its endpoint is asked, not its Service's address.
      "--enable-aggregator-routing=true",
    ],
    health: {
      kind: "https",
      url: `https://${hostAddress}:6443/readyz`,
      certificate: certificate("admin"),
      key: key("admin"),
    },
  };
}

export function controllerManager(folder: string, binaries: string): PartCommand {
  const { certificate, key } = openPki(folder);
  return {
    name: "controller-manager",
    program: join(binaries, "bin", "kube-controller-manager"),
    args: [
      `--kubeconfig=${kubeconfigPath(folder, "controller-manager")}`,
      "--bind-address=127.0.0.1",
      "--leader-elect=false",
      // The CNI plugin knows each node's range.
      "--allocate-node-cidrs=false",
      `--cluster-cidr=${podRange}`,
      `--service-account-private-key-file=${key("sa")}`,
      `--root-ca-file=${certificate("ca")}`,
      "--use-service-account-credentials=true",
      `--cluster-signing-cert-file=${certificate("ca")}`,
      `--cluster-signing-key-file=${key("ca")}`,
      // The usual times (15 s, 5 min, 30 s, 5 min) would make every test of an autoscaler wait for minutes.
      "--horizontal-pod-autoscaler-sync-period=5s",
      "--horizontal-pod-autoscaler-cpu-initialization-period=15s",
      "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
      "--horizontal-pod-autoscaler-downscale-stabilization=20s",
    ],
    health: { kind: "https", url: "https://127.0.0.1:10257/healthz" },
  };
}

export function scheduler(folder: string, binaries: string): PartCommand {
  return {
    name: "scheduler",
    program: join(binaries, "bin", "kube-scheduler"),
    args: [`--kubeconfig=${kubeconfigPath(folder, "scheduler")}`, "--bind-address=127.0.0.1", "--leader-elect=false"],
    health: { kind: "https", url: "https://127.0.0.1:10259/readyz" },
  };
}
