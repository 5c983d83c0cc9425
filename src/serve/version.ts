import manifest from "slipway/package.json" with { type: "json" };

/** Of this package. */
export function readServerVersion(): string {
  return manifest.version;
}
