/** @file What all our pods have in common: an account without rights, a root that nobody can write, no token, no capability. */
import type { DeployDefinition } from "../project/deploy.ts";

/** The account that our images run as. */
export const podUser = 65_532;

/**
 * Meets the `restricted` Pod Security Standard. `fsGroup` lets the account write to volumes, which come as root's. `port` is what it listens on: below
 * 1024 only root may, unless the pod's own network says otherwise (a sysctl that the standard allows).
 */
export function securePod(port = 65_535): Record<string, unknown> {
  return {
    automountServiceAccountToken: false,
    // Variables for every Service of the namespace: they can shadow settings, and make pods start slowly where there are thousands.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: podUser,
      runAsGroup: podUser,
      fsGroup: podUser,
      // Not every file of a large volume is to be looked at for each pod.
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
      ...(port < 1024 && { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] }),
    },
  };
}

export function secureContainer(): Record<string, unknown> {
  return {
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

export interface Volume {
  name: string;
  readonly [source: string]: unknown;
}

export interface Mount {
  name: string;
  mountPath: string;
  subPath?: string;
  readOnly?: boolean;
}

/** An empty folder that the pod may write to until it ends; a pod that writes more than `size` is evicted, and not its neighbours. */
export function scratch(name: string, mountPath: string, size: string): { volume: Volume; mount: Mount } {
  return { volume: { name, emptyDir: { sizeLimit: size } }, mount: { name, mountPath } };
}

/** A login for registries as `docker login` writes it, at the place that DOCKER_CONFIG names. */
export function registryLogin(secret: string): { volume: Volume; mount: Mount; env: Record<string, string> } {
  const mountPath = "/registry";
  return {
    volume: {
      name: "registry",
      secret: { secretName: secret, defaultMode: 0o440, items: [{ key: ".dockerconfigjson", path: "config.json" }] },
    },
    mount: { name: "registry", mountPath, readOnly: true },
    env: { DOCKER_CONFIG: mountPath },
  };
}

/** Nodes: Linux, and those labels. */
export function selectNodes(labels: Readonly<Record<string, string>> = {}): Record<string, unknown> {
  return { nodeSelector: { "kubernetes.io/os": "linux", ...labels } };
}

export function pullWith(secrets: DeployDefinition["pullSecrets"] = []): Record<string, unknown> {
  return secrets.length === 0 ? {} : { imagePullSecrets: secrets.map((name) => ({ name })) };
}
