import type { FastifyInstance } from "fastify";
import type { Difference } from "../../data/compare.ts";
import { auditUnsupported } from "../../data/errors.ts";
import { datasetDiff, datasetStatus } from "../../data/status.ts";
import type { Dataset } from "../../data/types.ts";
import { unitOf } from "../../data/unit.ts";
import type { DataAnswer } from "../api.ts";
import { pictureQuery } from "../api.ts";
import { pictureUnknown } from "../errors.ts";
import { readPicture } from "../pictures.ts";
import { parse } from "../parse.ts";
import { toProblem } from "../problem.ts";
import type { Workspace } from "../workspace.ts";

/** Files that a difference is told with; the rest is `slipway data diff`'s. */
const mostFiles = 500;

/** What the audit cannot look at, in words. */
const others = {
  text: "texts",
  table: "rows of columns",
  file: "a file",
  boxes: "images with boxes instead of one label each",
} as const;

/** The dataset, how it stands to its lock, and its pictures. */
export function registerData(app: FastifyInstance, workspace: Workspace): void {
  app.get("/api/data", async () => describeData(await workspace.readDataset(), workspace.root));
  app.get("/api/pictures", async (request, reply) => {
    const { path, longest } = parse(pictureQuery, request.query);
    const picture = await readPicture(await workspace.lastDataset(), path, longest);
    if (picture === undefined) throw pictureUnknown({ path });
    return reply.type(picture.type).send(picture.bytes);
  });
}

function describeData(dataset: Dataset, root: string): DataAnswer {
  const { state, digest, count, labels, locked, lines, differences } = datasetStatus(dataset, root);
  return {
    digest,
    count,
    unit: unitOf(dataset),
    folder: dataset.folder,
    labels: Object.entries(labels).map(([label, rows]) => ({
      label,
      count: rows,
      ...(state === "differs" && { locked: locked?.labels[label] ?? 0 }),
    })),
    lock: {
      state,
      ...(locked !== undefined && { lockedAt: locked.lockedAt, digest: locked.digest, count: locked.count }),
      lines: [...lines],
      differences,
      files: state === "differs" ? listFiles(datasetDiff(dataset, root).difference) : [],
    },
    warnings: dataset.warnings.map(({ message }) => message),
    ...(dataset.kind !== "images" && {
      unauditable: toProblem(auditUnsupported({ what: others[dataset.kind] })),
    }),
  };
}

function listFiles({ added, removed, changed, renamed, relabelled, swapped }: Difference): DataAnswer["lock"]["files"] {
  return [
    ...relabelled.map(({ from, to }) => ({ what: "relabelled" as const, path: from, to })),
    ...swapped.map(([path, to]) => ({ what: "swapped" as const, path, to })),
    ...changed.map((path) => ({ what: "changed" as const, path })),
    ...removed.map((path) => ({ what: "removed" as const, path })),
    ...added.map((path) => ({ what: "added" as const, path })),
    ...renamed.map(({ from, to }) => ({ what: "renamed" as const, path: from, to })),
  ].slice(0, mostFiles);
}
