import type { EnvironmentValue } from "../project/deploy.ts";

export type Environment = Readonly<Record<string, EnvironmentValue>>;

/** A container's `env`, in the order of the names: where the same is said in another order, nothing changes in the cluster. */
export function toEnv(environment: Environment): object[] {
  return sort(environment).map(([name, value]) =>
    typeof value === "string" ? { name, value } : { name, valueFrom: { secretKeyRef: toKeyRef(value) } },
  );
}

function toKeyRef({ secret, key, optional = false }: Exclude<EnvironmentValue, string>): object {
  return { name: secret, key, ...(optional && { optional }) };
}

/** Those that are written in the project: a ConfigMap's. */
export function pickTexts(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    sort(environment).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Those that come from Secrets. */
export function pickSecrets(environment: Environment): Environment {
  return Object.fromEntries(sort(environment).filter(([, value]) => typeof value !== "string"));
}

function sort(environment: Environment): [string, EnvironmentValue][] {
  return Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
