/** @file A release for people who apply objects themselves (GitOps): the same one that `up` would make, without asking any cluster. */
import { artifactNotFound } from "../../artifact/errors.ts";
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import type { Artifact, Store } from "../../artifact/types.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { chooseDelivery, referTo } from "../../image/delivery/choose.ts";
import type { RegistryDelivery } from "../../image/delivery/types.ts";
import { isImported } from "../../image/imported-name.ts";
import { listContent } from "../../image/destinations/content.ts";
import type { Image, ImageIndex } from "../../image/types.ts";
import type { ImageSource, ServerRelease } from "../../kube/types.ts";
import { parseImageReference } from "../../oci/reference.ts";
import { isTrained } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { describeRelease, isInImage } from "./deploy-step.ts";
import type { ClusterPlace } from "./place.ts";

export interface ExportChoice {
  /** The image as nodes name it; or how it is made, to learn its digest: then it is named in the registry of the project file. */
  image: string | (() => Promise<Image | ImageIndex>);
  /** Which model is in it. Default: the champion. */
  model?: string | undefined;
  namespace?: string | undefined;
  /** Goes before the project's. */
  registry?: string | undefined;
}

export interface Exported {
  release: ServerRelease;
  /** Where an image that was built has to be pushed before anything can run: `localhost:5001/digits`. Undefined for one that was named. */
  push: string | undefined;
}

/** Throws `deliveryUnknown` where neither an image nor a registry is named, and what the store and the image's build throw. */
export async function describeExport(project: Project, choice: ExportChoice): Promise<Exported> {
  const { definition, root } = project;
  const { deploy = {} } = definition;
  const place = { namespace: choice.namespace ?? deploy.namespace ?? "default", ownsNamespace: false, deploy };
  const store = await openStore(storeFolder(root));
  const artifact = isTrained(definition) ? await findModel(store, definition.name, choice) : undefined;
  const { image: named } = choice;
  const isNamed = typeof named === "string";
  const registry = isNamed && isInImage(place) ? undefined : await nameRegistry(choice, place);
  const image = isNamed
    ? nameImage(named)
    : referTo(registry!, definition.name, listContent(await named()).root.digest);
  const inside = registry?.inside;
  const shared =
    registry === undefined || inside === undefined
      ? undefined
      : { inside: { prefix: `${inside}/models`, insecure: registry.insecure } };
  return {
    release: await describeRelease(project, artifact, image, place, shared),
    push: isNamed ? undefined : `${registry!.push}/${definition.name}`,
  };
}

/** Whoever names an image may have the model elsewhere; whoever names a model must have it. */
async function findModel(
  store: Pick<Store, "get">,
  name: string,
  { image, model }: ExportChoice,
): Promise<Artifact | undefined> {
  try {
    return await store.get(model ?? name);
  } catch (error) {
    const isMissing = findSlipwayError(error)?.code === artifactNotFound.code;
    if (isMissing && typeof image === "string" && model === undefined) return undefined;
    throw error;
  }
}

async function nameRegistry(
  { registry }: ExportChoice,
  { deploy }: Pick<ClusterPlace, "deploy">,
): Promise<RegistryDelivery> {
  const nobody = { hostname: "", addresses: [], sockets: [] };
  const delivery = await chooseDelivery({
    option: registry,
    project: deploy.registry,
    context: "",
    nodes: [],
    here: nobody,
  });
  // Without a cluster there are no nodes to import into.
  return delivery as RegistryDelivery;
}

function nameImage(reference: string): ImageSource {
  const { digest } = parseImageReference(reference);
  if (isImported(reference)) return { reference, pull: "Never" };
  // A tag may stand for another image tomorrow.
  return { reference, pull: digest === undefined ? "Always" : "IfNotPresent" };
}
