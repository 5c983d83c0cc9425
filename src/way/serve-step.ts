import { storeFolder } from "../artifact/store/layout.ts";
import type { Artifact } from "../artifact/types.ts";
import { deployLocal, type LocalRelease } from "../deploy/targets/local.ts";
import type { Project } from "../project/types.ts";
import { loginHeaders } from "./login.ts";

export interface ServeOptions {
  host: string;
  port: number;
  detach: boolean;
  onLog?: (line: string) => void;
  signal: AbortSignal;
}

/** Makes the local endpoint serve the champion, which is `artifact`; without one, the project's routes alone. */
export function serveStep(
  project: Project,
  artifact: Artifact | undefined,
  options: ServeOptions,
): Promise<LocalRelease> {
  return deployLocal({
    root: project.root,
    appPath: project.appPath,
    storePath: storeFolder(project.root),
    headers: loginHeaders(project),
    ...(artifact !== undefined && { model: `${artifact.name}:champion`, digest: artifact.digest }),
    ...options,
  });
}

/** `--port`, else the environment's PORT, else the project file's, else 5000. */
export function choosePort(project: Pick<Project, "definition">, given?: number): number {
  const fromEnvironment = Number(process.env["PORT"] || Number.NaN);
  return given ?? (Number.isInteger(fromEnvironment) ? fromEnvironment : (project.definition.serve?.port ?? 5000));
}

/** Only this machine is let in, unless HOST says otherwise: an endpoint without a password is not for the network. */
export function chooseHost(): string {
  return process.env["HOST"] || "127.0.0.1";
}
