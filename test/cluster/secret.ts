/** @file Secrets as a person makes them: a project file only names them. */
import type { KubeObject } from "../../src/kube/types.ts";

interface SecretPlace {
  name: string;
  namespace: string;
  labels?: Readonly<Record<string, string>>;
}

/** Type `kubernetes.io/basic-auth`: keys `username` and `password`. */
export function makeBasicAuthSecret(
  place: SecretPlace,
  { username, password }: { username: string; password: string },
): KubeObject {
  return makeSecret(place, { username, password }, "kubernetes.io/basic-auth");
}

/** Any keys. `data`, not `stringData`: a field manager owns what it wrote, and `stringData` is gone once it was taken. */
export function makeSecret(place: SecretPlace, values: Readonly<Record<string, string>>, type = "Opaque"): KubeObject {
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, encode(value)]));
  return { apiVersion: "v1", kind: "Secret", metadata: place, type, data };
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}
