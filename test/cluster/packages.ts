/** @file What the cluster needs of this machine: Linux, root, namespaces, and a few packages of Debian's. */
import { existsSync } from "node:fs";
import { readElfFile } from "../../src/image/elf/file.ts";
import { installDebian } from "../debian.ts";
import { succeeds } from "./command.ts";

/** A file that tells whether a package is there. */
const packages: Readonly<Record<string, string>> = {
  containerd: "/usr/bin/containerd",
  runc: "/usr/sbin/runc",
  "containernetworking-plugins": "/usr/lib/cni/host-local",
  iproute2: "/usr/sbin/ip",
  iptables: "/usr/sbin/iptables",
  ipset: "/usr/sbin/ipset",
  conntrack: "/usr/sbin/conntrack",
  nftables: "/usr/sbin/nft",
  openssl: "/usr/bin/openssl",
  "busybox-static": "/bin/busybox",
};

/** Installs what is missing. Throws, with the reason and the way out, where no cluster can run. */
export async function ensureMachine(): Promise<void> {
  const refuse = (why: string) =>
    new Error(
      `The cluster of the tests cannot run here: ${why}.\n` +
        "It needs Linux, root, network namespaces and Debian's packages (test/cluster/packages.ts). " +
        "On any other machine, name a cluster in SLIPWAY_TEST_CONTEXT (a context of your kubeconfig, kind's for one).",
    );
  if (process.platform !== "linux") throw refuse(`this is ${process.platform}`);
  if (process.getuid?.() !== 0) throw refuse("this is not root");
  for (const [name, file] of Object.entries(packages)) {
    if (isFit(file)) continue;
    if (!installDebian(name) || !isFit(file)) throw refuse(`${file} is missing (package ${name})`);
  }
  if (!(await succeeds("unshare", "--net", "true"))) throw refuse("it may make no network namespaces");
}

/** Debian's package `busybox` has the same file, which needs libraries that an image would lack. */
function isFit(file: string): boolean {
  if (!existsSync(file)) return false;
  return !file.endsWith("/busybox") || readElfFile(file).interpreter === undefined;
}
