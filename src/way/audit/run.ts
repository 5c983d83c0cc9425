/** @file The audit of a dataset's labels: what models and earlier records say of them. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import type { Artifact, Store } from "../../artifact/types.ts";
import { digestOfJson, hexOf } from "../../base/digest.ts";
import { ignoreMissing } from "../../base/files.ts";
import type { Report } from "../../base/progress.ts";
import { type AuditFindings, auditLabels } from "../../data/audit/audit.ts";
import { thresholdsOfVerdicts } from "../../data/audit/rules.ts";
import type { Table } from "../../data/audit/types.ts";
import { auditUnsupported } from "../../data/errors.ts";
import { listKeptLocks, type Lock, shorten } from "../../data/lock.ts";
import { loadExamples } from "../../data/open.ts";
import type { Dataset, DatasetEntry, ImageDataset, ImageExamples } from "../../data/types.ts";
import { requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { predict } from "../../train/evaluate.ts";
import { predictOutOfFold } from "../../train/out-of-fold.ts";
import type { SequentialTrainer } from "../../train/types.ts";

export interface AuditOptions {
  /** Models, each trained without its share of the images. Default 2: five find a little more and take twice as long. */
  folds?: number;
  /** Of each of them. Default 4. */
  epochs?: number;
  /** Where the champion is looked for. Default: the project's own. */
  store?: Store;
  /** Keeps what the models of the folds said. Default: the project's `.slipway/audit`. */
  folder?: string;
  report: Report;
  signal: AbortSignal;
}

export interface AuditReport extends AuditFindings {
  digest: string;
  count: number;
  labels: readonly string[];
  /** Of each row. */
  entries: readonly DatasetEntry[];
  /** Absolute. */
  folder: string;
  /** Who judged the images: models of other folds of the same data, or the champion, which was trained on other data. */
  judge: "folds" | "champion";
  champion?: string;
  /** When the lock was made whose labels were compared, where there is one. */
  comparedWith?: string;
}

/**
 * Audits images. The champion judges where it was trained on other data than these; else models of other folds do, which cannot see a
 * complete exchange. Files that an earlier lock knew under another label are told of in any case. Throws `auditUnsupported`.
 */
export async function auditDataset(project: Project, dataset: Dataset, options: AuditOptions): Promise<AuditReport> {
  const { train } = requireTraining(project.definition);
  if (dataset.kind !== "images")
    throw auditUnsupported({ what: dataset.kind === "boxes" ? "boxes in them" : `rows of ${dataset.kind}` });
  const { report, signal } = options;
  const examples = await loadExamples(dataset, { report, signal });
  const store = options.store ?? (await openStore(storeFolder(project.root)));
  const champion = await findReference(store, project.definition.name, dataset);
  const lock = findEarlierLock(project.root, dataset, champion);
  const judged =
    champion === undefined
      ? await judgeByFolds(project, dataset, examples, requireSequential(train.kind, train), options)
      : await judgeByModel(champion, store, examples);
  report({ step: "audit", label: "compare pictures" });
  const known = lock === undefined ? undefined : labelsBefore(lock, dataset);
  const { count, height, width, channels, pixels, targets, labels } = examples;
  const findings = await auditLabels({
    pictures: { count, height, width, channels, pixels },
    targets,
    probabilities: judged,
    reference: {
      ...(champion !== undefined && { thresholds: thresholdsOfVerdicts(judged) }),
      ...(known !== undefined && { known }),
    },
  });
  return {
    ...findings,
    digest: dataset.digest,
    count,
    labels,
    entries: dataset.entries,
    folder: dataset.folder,
    judge: champion === undefined ? "folds" : "champion",
    ...(champion !== undefined && { champion: champion.digest }),
    ...(lock !== undefined && { comparedWith: lock.lockedAt }),
  };
}

/** A champion trained on these very labels would only repeat them. */
async function findReference(store: Store, name: string, dataset: ImageDataset): Promise<Artifact | undefined> {
  const digest = await store.readAlias(name, "champion");
  if (digest === undefined) return undefined;
  const champion = await store.get(`${name}@${digest}`);
  const labels = champion.signature.outputs.flatMap(({ content }) =>
    content?.kind === "probabilities" ? content.labels : [],
  );
  const same = labels.length === dataset.labels.length && labels.every((label, at) => label === dataset.labels[at]);
  return same && champion.lineage.dataset.digest !== dataset.digest ? champion : undefined;
}

/** The lock that the champion's data were under, else the newest that is not of these data. */
function findEarlierLock(root: string, { digest }: ImageDataset, champion: Artifact | undefined): Lock | undefined {
  const locks = listKeptLocks(root).filter((lock) => lock.digest !== digest);
  return locks.find((lock) => lock.digest === champion?.lineage.dataset.digest) ?? locks[0];
}

function requireSequential(kind: string, trainer: object): SequentialTrainer {
  if (kind !== "sequential") throw auditUnsupported({ what: `a trainer of kind ${kind} and no champion to judge by` });
  return trainer as SequentialTrainer;
}

async function judgeByFolds(
  project: Project,
  dataset: ImageDataset,
  examples: ImageExamples,
  trainer: SequentialTrainer,
  { folds = 2, epochs = 4, folder = join(project.root, ".slipway", "audit"), report, signal }: AuditOptions,
): Promise<Table> {
  const classes = examples.labels.length;
  const key = hexOf(digestOfJson([dataset.digest, trainer, folds, epochs]), 16);
  const path = join(folder, `${key}.f32`);
  const kept = await readFile(path).catch(ignoreMissing);
  if (kept?.length === examples.count * classes * 4)
    return { rows: examples.count, classes, values: new Float32Array(Uint8Array.from(kept).buffer) };
  const workspace = join(folder, key);
  const values = await predictOutOfFold({
    trainer,
    examples,
    keys: dataset.entries.map(({ digest }) => digest),
    folds,
    epochs,
    seed: trainer.seed,
    workspace,
    root: project.root,
    report,
    signal,
  });
  await mkdir(folder, { recursive: true });
  await writeFile(path, new Uint8Array(values.buffer));
  await rm(workspace, { recursive: true, force: true });
  return { rows: examples.count, classes, values };
}

async function judgeByModel(champion: Artifact, store: Store, examples: ImageExamples): Promise<Table> {
  const classes = examples.labels.length;
  const values = new Float32Array(examples.count * classes);
  const rows = Int32Array.from({ length: examples.count }, (_, row) => row);
  const model = await store.readModel(champion);
  for await (const { row, probabilities } of predict(model, champion.signature, examples, rows, 1))
    values.set(probabilities, row * classes);
  return { rows: examples.count, classes, values };
}

/** The class under which each file's content was locked; -1 where it was not there, or under several. */
function labelsBefore(lock: Lock, { entries, labels }: ImageDataset): Int32Array {
  const before = new Map<string, Set<string>>();
  for (const [path, short] of Object.entries(lock.files)) {
    const label = path.slice(0, path.lastIndexOf("/"));
    before.set(short, (before.get(short) ?? new Set()).add(label));
  }
  return Int32Array.from(entries, ({ digest, label }) => {
    const found = before.get(shorten(digest));
    // Under several labels already then: the copies' rule looks at it.
    if (found === undefined || found.size > 1 || found.has(label)) return -1;
    return labels.indexOf([...found][0]!);
  });
}
