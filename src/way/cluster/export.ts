/** @file A release for people who apply objects themselves (GitOps): the same one that `up` would make, without asking any cluster. */
import { artifactNotFound } from "../../artifact/errors.ts";
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import { openRegistryStore } from "../../artifact/store/registry.ts";
import type { Artifact, Store } from "../../artifact/types.ts";
import type { Digest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { chooseDelivery, referTo } from "../../image/delivery/choose.ts";
import type { RegistryDelivery } from "../../image/delivery/types.ts";
import { listContent } from "../../image/destinations/content.ts";
import { isImported } from "../../image/imported-name.ts";
import type { Image, ImageIndex } from "../../image/types.ts";
import type { ImageSource, ServerRelease, TrainingRun } from "../../kube/types.ts";
import { volumePath } from "../../kube/volume.ts";
import { parseImageReference } from "../../oci/reference.ts";
import { isTrained } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { exportNeedsRegistry, registryNotInside } from "../errors.ts";
import { describeRelease, isInImage, tagServer } from "./deploy-step.ts";
import { isOnVolume, registryOptions, type ClusterPlace } from "./place.ts";
import { describeRun, type StoreForPods } from "./prepare-run.ts";
import { lookInto, type Pushed } from "./pushed.ts";
import { checkSchedule, toScheduled } from "./schedule.ts";
import { digestFetched } from "./train-way.ts";
import { tagTrainer } from "./trainer.ts";

/** The image that serves, and the one that trains by the clock. */
export type ExportedKind = "server" | "trainer";

export interface ExportChoice {
  /** Images as nodes name them. One that is not named is made, to learn its digest, and named in the registry. */
  images: Readonly<Partial<Record<ExportedKind, string>>>;
  make: (kind: ExportedKind, store: Pick<Store, "pack">) => Promise<Image | ImageIndex>;
  /** Takes an image that `up` has pushed, of this code and model, as it is there, on whatever base. */
  reuse?: boolean;
  signal: AbortSignal;
  /** Which model is in it. Default: the champion. */
  model?: string | undefined;
  namespace?: string | undefined;
  /** Goes before the project's. */
  registry?: string | undefined;
}

export interface Exported {
  release: ServerRelease;
  /** The training by the clock, where the project has one. */
  run: TrainingRun | undefined;
  /**
   * Images that were made, and have to be pushed before anything can run: where to, as `localhost:5001/digits`. `model`: what has to be pulled before from
   * where, since it is not in the project's own store.
   */
  push: readonly { kind: ExportedKind; repository: string; model?: { prefix: string; reference: string } }[];
}

/** Throws `exportNeedsRegistry`, `registryNotInside`, `scheduleNeedsFetch`, and what the store and the images' builds throw. */
export async function describeExport(project: Project, choice: ExportChoice): Promise<Exported> {
  const { definition } = project;
  const { deploy = {} } = definition;
  const place = { namespace: choice.namespace ?? deploy.namespace ?? "default", ownsNamespace: false, deploy };
  checkSchedule(place);
  const registry = await findRegistry(choice, place);
  const { artifact, store, prefix } = await findModel(project, choice, registry);
  const shared = isInImage(place) || isOnVolume(place) ? undefined : nameStore(definition.name, registry);
  const pushed = registry === undefined ? undefined : lookInto(project, registry, choice.signal);
  const push: Exported["push"][number][] = [];
  const find = async (kind: ExportedKind): Promise<ImageSource> => {
    const named = choice.images[kind];
    if (named !== undefined) return nameImage(named);
    if (registry === undefined || pushed === undefined) throw exportNeedsRegistry(missing[kind](definition.name));
    const known = choice.reuse === true ? await findPushed(project, kind, artifact, pushed) : undefined;
    if (known !== undefined) return referTo(registry, definition.name, known);
    const { digest } = listContent(await choice.make(kind, store)).root;
    if (!(await pushed.has(digest))) {
      const model =
        kind === "server" && prefix !== undefined && artifact !== undefined && isInImage(place)
          ? { prefix, reference: `${artifact.name}@${artifact.digest}` }
          : undefined;
      push.push({ kind, repository: `${registry.push}/${definition.name}`, ...(model !== undefined && { model }) });
    }
    return referTo(registry, definition.name, digest);
  };
  const image = await find("server");
  const isScheduled = deploy.train?.schedule !== undefined;
  const run = isScheduled
    ? describeSchedule(project, place, {
        image: await find("trainer"),
        store: shared?.inside ?? { path: `${volumePath}/store` },
        insecure: registry?.insecure ?? false,
      })
    : undefined;
  return { release: await describeRelease(project, artifact, image, place, shared), run, push };
}

const missing = {
  server: (project: string) => ({
    what: `nodes find the image that serves ${project}`,
    option: `the image (--image registry.example.com/${project}@sha256:…) or `,
  }),
  trainer: (project: string) => ({
    what: `nodes find the image that trains ${project} (it has a deploy.train.schedule)`,
    option: `the image (--trainer-image registry.example.com/${project}-trainer@sha256:…) or `,
  }),
  models: (project: string) => ({ what: `pods of ${project} find the models that they follow`, option: "" }),
};

function describeSchedule(
  project: Project,
  place: Pick<ClusterPlace, "namespace" | "ownsNamespace" | "deploy">,
  sources: { image: ImageSource; store: StoreForPods; insecure: boolean },
): TrainingRun {
  return toScheduled(describeRun(project, { inputs: digestFetched(project) }, place, sources));
}

/** As `up` has named it there. A trainer's program is in files that its tag does not tell of. */
async function findPushed(
  project: Project,
  kind: ExportedKind,
  artifact: Artifact | undefined,
  pushed: Pushed,
): Promise<Digest | undefined> {
  const { deploy = {}, train } = project.definition;
  if (kind === "trainer") return train?.kind === "command" ? undefined : pushed.find(tagTrainer(project), undefined);
  const inside = isInImage({ deploy }) ? artifact : undefined;
  return pushed.find(tagServer(project, inside), inside);
}

interface Found {
  artifact: Artifact | undefined;
  store: Store;
  /** Where it is, when that is not the project's own store. */
  prefix?: string;
}

/**
 * In the project's own store; else in the registry, where trainings on a cluster leave it. Whoever names an image may have the model elsewhere, and one
 * that pods follow is theirs to find; whoever names a model must have it.
 */
async function findModel(
  { definition, root }: Project,
  { images, model }: ExportChoice,
  registry: RegistryDelivery | undefined,
): Promise<Found> {
  const store = await openStore(storeFolder(root));
  if (!isTrained(definition)) return { artifact: undefined, store };
  const reference = model ?? definition.name;
  try {
    return { artifact: await store.get(reference), store };
  } catch (error) {
    if (findSlipwayError(error)?.code !== artifactNotFound.code) throw error;
    const isElsewhere = images.server !== undefined || !isInImage({ deploy: definition.deploy ?? {} });
    if (isElsewhere && model === undefined) return { artifact: undefined, store };
    if (registry === undefined) throw error;
    const prefix = `${registry.push}/models`;
    const shared = openRegistryStore(prefix, registryOptions({ delivery: registry }));
    const artifact = await shared.get(reference).catch((cause: unknown) => {
      // Neither has it: the project's own is the one to mend.
      throw findSlipwayError(cause)?.code === artifactNotFound.code ? error : cause;
    });
    return { artifact, store: shared, prefix };
  }
}

/** Undefined where nobody names one. */
async function findRegistry(
  { registry }: ExportChoice,
  { deploy }: Pick<ClusterPlace, "deploy">,
): Promise<RegistryDelivery | undefined> {
  if (registry === undefined && deploy.registry === undefined) return undefined;
  const here = { hostname: "", addresses: [], sockets: [] };
  const facts = { option: registry, project: deploy.registry, context: "", nodes: [], here };
  // Where one is named, it is taken: nothing else is looked at.
  return (await chooseDelivery(facts)) as RegistryDelivery;
}

/** Where pods keep models, for those that follow an alias there. */
function nameStore(
  project: string,
  registry: RegistryDelivery | undefined,
): { inside: { prefix: string; insecure: boolean } } {
  if (registry === undefined) throw exportNeedsRegistry(missing.models(project));
  if (registry.inside === undefined) throw registryNotInside({ registry: registry.push });
  return { inside: { prefix: `${registry.inside}/models`, insecure: registry.insecure } };
}

function nameImage(reference: string): ImageSource {
  const { digest } = parseImageReference(reference);
  if (isImported(reference)) return { reference, pull: "Never" };
  // A tag may stand for another image tomorrow.
  return { reference, pull: digest === undefined ? "Always" : "IfNotPresent" };
}
