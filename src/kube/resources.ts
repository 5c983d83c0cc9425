import type { Resources } from "../project/deploy.ts";

export interface Requirements {
  requests: Readonly<Record<string, string>>;
  limits: Readonly<Record<string, string>>;
}

/** What a container asks for, and what it may have. See `Resources` for the rules. */
export function toRequirements(resources: Resources | undefined, usual: { cpu: string; memory: string }): Requirements {
  const { cpu = usual.cpu, memory = usual.memory, gpu = 0, limits = {} } = resources ?? {};
  // Kubernetes never shares a GPU: its request and its limit must be the same.
  const gpus: Record<string, string> = gpu > 0 ? { "nvidia.com/gpu": String(gpu) } : {};
  return {
    requests: { cpu, memory, ...gpus },
    limits: { ...(limits.cpu !== undefined && { cpu: limits.cpu }), memory: limits.memory ?? memory, ...gpus },
  };
}
