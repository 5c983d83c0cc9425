import { filesTooLarge } from "./errors.ts";
import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/** etcd takes no larger object by default, and the API server says so only when it is sent. */
const limit = 1_048_576;

/** Throws `filesTooLarge`. */
export function makeConfigMap(place: Place, data: Readonly<Record<string, string>>): KubeObject {
  const sizes = Object.entries(data).map(([key, value]) => ({ key, bytes: key.length + Buffer.byteLength(value) }));
  const bytes = sizes.reduce((sum, each) => sum + each.bytes, 0);
  if (bytes > limit) {
    const largest = sizes.reduce((most, each) => (each.bytes > most.bytes ? each : most)).key;
    throw filesTooLarge({ bytes, limit, largest });
  }
  return { apiVersion: "v1", kind: "ConfigMap", metadata: place, data };
}
