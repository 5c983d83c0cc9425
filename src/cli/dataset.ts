import { openDataset } from "../data/open.ts";
import type { Dataset } from "../data/types.ts";
import { requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import type { Io } from "./io.ts";
import { openProject } from "./project.ts";

/** Opens the project's dataset and tells what is odd about it, on stderr. */
export async function openProjectDataset(
  io: Io,
  options: Readonly<Record<string, unknown>>,
): Promise<{ project: Project; dataset: Dataset }> {
  const { project } = await openProject(options);
  const { report, signal } = io;
  const dataset = await openDataset(requireTraining(project.definition).data, { root: project.root, report, signal });
  for (const { message } of dataset.warnings) io.note(`${io.paint("yellow", "!")} ${message}`);
  return { project, dataset };
}
