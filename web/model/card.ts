/** @file The model's card as the server gives it at `/card`, and what the page reads from it. */
import type { Artifact } from "../../src/artifact/types.ts";
import type { Signature } from "../../src/model/signature.ts";

export interface CardRoute {
  method: string;
  path: string;
  /** Name of the multipart field that takes an image; missing where the route takes none. */
  field?: string;
}

export interface Card extends Pick<Artifact, "name" | "digest" | "createdAt" | "model" | "signature"> {
  lineage: Omit<Artifact["lineage"], "inputs">;
  routes: readonly CardRoute[];
}

export interface ImageInput {
  height: number;
  width: number;
  channels: 1 | 3;
}

/** What the model takes, where it takes one image. */
export function imageInputOf(signature: Signature): ImageInput | undefined {
  const contents = signature.inputs.map(({ content }) => content);
  const image = contents.find((content) => content?.kind === "image");
  return image?.kind === "image" && contents.length === 1 ? image : undefined;
}

/** The model's labels in their own order, where it gives probabilities. */
export function labelsOf(signature: Signature): readonly string[] {
  for (const { content } of signature.outputs) if (content?.kind === "probabilities") return content.labels;
  return [];
}

/** The project's own route for images, which the `curl` line calls. */
export function imageRouteOf(routes: readonly CardRoute[]): (CardRoute & { field: string }) | undefined {
  return routes.find(
    (route): route is CardRoute & { field: string } => route.method === "POST" && route.field !== undefined,
  );
}

/** A line for a POSIX shell that asks the same of the server. `base` is the page's own address. */
export function curlLine(route: CardRoute & { field: string }, base: string, file: string): string {
  const address = new URL(route.path.replace(/^\//, ""), base).href;
  return `curl -F ${quote(`${route.field}=@${file}`)} ${quote(address)}`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
