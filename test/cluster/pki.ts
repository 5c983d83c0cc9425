/** @file Keys, certificates and kubeconfigs, by openssl. Made once in a cluster's life. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "./command.ts";
import { apiServer, apiServiceAddress, context, hostAddress, nodes } from "./settings.ts";

interface Identity {
  name: string;
  subject: string;
  names?: readonly string[];
}

const identities: readonly Identity[] = [
  {
    name: "apiserver",
    subject: "/CN=kube-apiserver",
    names: [
      ...["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"].map((name) => `DNS:${name}`),
      ...["127.0.0.1", hostAddress, apiServiceAddress].map((address) => `IP:${address}`),
    ],
  },
  { name: "admin", subject: "/O=system:masters/CN=admin" },
  { name: "controller-manager", subject: "/CN=system:kube-controller-manager" },
  { name: "scheduler", subject: "/CN=system:kube-scheduler" },
  { name: "kube-proxy", subject: "/CN=system:kube-proxy" },
  { name: "kubelet-client", subject: "/O=system:masters/CN=kube-apiserver-kubelet-client" },
  { name: "front-proxy", subject: "/CN=front-proxy-client" },
  ...nodes.map(({ name, address }) => ({
    name,
    subject: `/O=system:nodes/CN=system:node:${name}`,
    names: [`DNS:${name}`, `IP:${address}`],
  })),
];

const holders = ["admin", "controller-manager", "scheduler", "kube-proxy", ...nodes.map(({ name }) => name)];

export interface Pki {
  certificate: (name: string) => string;
  key: (name: string) => string;
}

export function openPki(folder: string): Pki {
  const file = (name: string, ending: string) => join(folder, "pki", `${name}.${ending}`);
  return { certificate: (name) => file(name, "crt"), key: (name) => file(name, "key") };
}

export function kubeconfigPath(folder: string, holder: string): string {
  return join(folder, `${holder}.kubeconfig`);
}

export async function ensurePki(folder: string): Promise<void> {
  if (existsSync(join(folder, "pki"))) return;
  const draft = join(folder, "pki.new");
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const path = (file: string) => join(draft, file);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authorityFiles = ["-keyout", path("ca.key"), "-out", path("ca.crt")];
  const lasting = ["-days", "3650", "-subj", "/CN=slipway-test-cluster"];
  await command("openssl", ["req", "-x509", ...newKey, ...authorityFiles, ...lasting]);
  await Promise.all(
    identities.map(async ({ name, subject, names = [`DNS:${name}`] }) => {
      const request = ["-keyout", path(`${name}.key`), "-out", path(`${name}.csr`), "-subj", subject];
      await command("openssl", ["req", ...newKey, ...request]);
      await writeFile(path(`${name}.ext`), `subjectAltName=${names.join(",")}\n`);
      const authority = ["-CA", path("ca.crt"), "-CAkey", path("ca.key")];
      const serial = `0x${randomBytes(8).toString("hex")}`;
      const files = ["-in", path(`${name}.csr`), "-out", path(`${name}.crt`), "-extfile", path(`${name}.ext`)];
      await command("openssl", ["x509", "-req", ...files, ...authority, "-set_serial", serial, "-days", "3650"]);
    }),
  );
  // Signs the tokens of service accounts.
  await command("openssl", ["genpkey", "-algorithm", "RSA", "-out", path("sa.key")]);
  await command("openssl", ["pkey", "-in", path("sa.key"), "-pubout", "-out", path("sa.pub")]);
  await Promise.all(holders.map((holder) => writeKubeconfig(folder, draft, holder)));
  await rename(draft, join(folder, "pki"));
}

/** Holds its keys itself, so that it can be copied anywhere. JSON is YAML too. */
async function writeKubeconfig(folder: string, pki: string, holder: string): Promise<void> {
  const read = (file: string) => readFileSync(join(pki, file)).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: context, cluster: { server: apiServer, "certificate-authority-data": read("ca.crt") } }],
    users: [
      {
        name: holder,
        user: { "client-certificate-data": read(`${holder}.crt`), "client-key-data": read(`${holder}.key`) },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: holder } }],
    "current-context": context,
  };
  await writeFile(kubeconfigPath(folder, holder), JSON.stringify(config, undefined, 2), { mode: 0o600 });
}
