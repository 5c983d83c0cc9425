/** @file `--target` of the commands that ask about what runs. */
import type { Target } from "../deploy/target.ts";
import { openLocalTarget } from "../deploy/local/target.ts";
import type { ClusterTarget } from "../deploy/cluster/target.ts";
import { loadProject } from "../project/load.ts";
import type { Project } from "../project/types.ts";
import type { OptionDefinition } from "./command.ts";

export const targetOptions: readonly OptionDefinition[] = [
  {
    flags: "-t, --target <target>",
    text: "local, or a kubeconfig context (default: the project file's `deploy.target`, else local)",
  },
  { flags: "-n, --namespace <namespace>", text: "on a cluster (default: the project file's, else the context's)" },
  { flags: "--kubeconfig <file>", text: "on a cluster (default: KUBECONFIG, else ~/.kube/config)" },
];

/** The target that the command or the project file names. Never a kubeconfig's current context: that is how the wrong cluster gets changed. */
export function chooseTarget(project: Pick<Project, "definition">, options: Readonly<Record<string, unknown>>): string {
  return (options["target"] as string | undefined) ?? project.definition.deploy?.target ?? "local";
}

/** The project in the folder that the command names, and its target. */
export async function openTarget(
  options: Readonly<Record<string, unknown>>,
  folder?: string,
): Promise<{ project: Project; target: Target }> {
  const project = await loadProject(folder ?? (options["project"] as string | undefined) ?? ".");
  const { name } = project.definition;
  const chosen = chooseTarget(project, options);
  const target =
    chosen === "local"
      ? openLocalTarget({ root: project.root, name })
      : await openClusterContext(project, chosen, options);
  return { project, target };
}

/** The kubeconfig context of that name as the project's target. */
export async function openClusterContext(
  project: Project,
  context: string,
  options: Readonly<Record<string, unknown>>,
): Promise<ClusterTarget> {
  // The client for Kubernetes is large: a command on the local target must not wait for it.
  const { openClusterTarget } = await import("../deploy/cluster/target.ts");
  return openClusterTarget(project, {
    context,
    namespace: options["namespace"] as string | undefined,
    kubeconfig: options["kubeconfig"] as string | undefined,
  });
}
