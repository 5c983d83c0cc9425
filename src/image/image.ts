/** @file Images as values. Each function gives a new one; the one it got stays as it was. */
import type { HistoryEntry, Image, ImageConfig, Layer, Platform, RunConfig } from "./types.ts";

/** An image with nothing in it. */
export function emptyImage({ os, architecture }: Platform): Image {
  return { config: { os, architecture, config: {}, history: [] }, layers: [], annotations: {} };
}

/** The image with one more layer on top. `createdBy` is what `docker history` shows. */
export function appendLayer(image: Image, layer: Layer, createdBy = `slipway: ${layer.name}`): Image {
  const { created } = image.config;
  const entry: HistoryEntry = { ...(created !== undefined && { created }), created_by: createdBy };
  return {
    ...image,
    config: { ...image.config, history: [...image.config.history, entry] },
    layers: [...image.layers, layer],
  };
}

/** The image with other settings to run by. Variables of the environment and labels are added to those that are there; the rest is replaced. */
export function configure(image: Image, change: RunConfig): Image {
  const before = image.config.config;
  const Env = mergeEnvironment(before.Env ?? [], change.Env ?? []);
  const Labels = sorted({ ...before.Labels, ...change.Labels });
  const config: RunConfig = { ...before, ...change, Env, Labels };
  return { ...image, config: { ...image.config, config } };
}

/** When it was made, as its config and its later layers' history say. RFC 3339. */
export function setCreated(image: Image, created: string): Image {
  return { ...image, config: { ...image.config, created } };
}

export function annotate(image: Image, annotations: Readonly<Record<string, string>>): Image {
  return { ...image, annotations: sorted({ ...image.annotations, ...annotations }) };
}

/** The image with other layers in the same places: the same files, stored in another way. */
export function mapLayers(image: Image, change: (layer: Layer) => Layer): Image {
  return { ...image, layers: image.layers.map(change) };
}

export function platformOf({ config }: { config: ImageConfig }): {
  os: string;
  architecture: string;
  variant?: string;
} {
  const { os, architecture, variant } = config;
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

/** Later values win; the order is that of first mention. */
function mergeEnvironment(before: readonly string[], more: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const line of [...before, ...more]) merged.set(line.slice(0, line.indexOf("=")), line);
  return [...merged.values()];
}

function sorted(members: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
