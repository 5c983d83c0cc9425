import { writeLogin } from "../http/basic.ts";
import type { Project } from "../project/types.ts";
import { findEnvironmentLogin, findOwnLogin } from "../serve/credentials.ts";

/** Headers that a server of the project on this machine lets in: it has this process's environment. None where anybody is let in. */
export function loginHeaders({ definition }: Pick<Project, "definition">): Record<string, string> {
  const auth = definition.serve?.auth;
  const login = auth === undefined ? undefined : findOwnLogin(auth, process.env);
  return login === undefined ? {} : { authorization: writeLogin(login) };
}

/** The same for a server elsewhere, where this machine's environment names its login in full. Undefined where it does not. */
export function environmentLoginHeaders(
  { definition }: Pick<Project, "definition">,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> | undefined {
  const auth = definition.serve?.auth;
  const login = auth === undefined ? undefined : findEnvironmentLogin(auth, env);
  return login === undefined ? undefined : { authorization: writeLogin(login) };
}
