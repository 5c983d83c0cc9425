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

/** What a form asks for, where the model takes a text or named columns. */
export type FormInput = { kind: "text" } | { kind: "columns"; names: readonly string[] };

export function formInputOf({ inputs }: Signature): FormInput | undefined {
  const [input, ...more] = inputs;
  if (input === undefined || more.length > 0) return undefined;
  if (input.content?.kind === "features") return { kind: "columns", names: input.content.names };
  // Texts are the only thing that strings of one a row can be.
  const isText = input.datatype === "BYTES" && input.shape.slice(1).every((size) => size === 1);
  return isText ? { kind: "text" } : undefined;
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

/** The same for a form's JSON. */
export function curlJson(path: string, base: string, body: object): string {
  const address = new URL(path.replace(/^\//, ""), base).href;
  return `curl -H 'content-type: application/json' -d ${quote(JSON.stringify(body))} ${quote(address)}`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
