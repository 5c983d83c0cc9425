import { writeLogin } from "../http/basic.ts";
import type { Project } from "../project/types.ts";
import { findOwnLogin } from "../serve/credentials.ts";

/** Headers that a server of the project on this machine lets in: it has this process's environment. None where anybody is let in. */
export function loginHeaders({ definition }: Pick<Project, "definition">): Record<string, string> {
  const auth = definition.serve?.auth;
  const login = auth === undefined ? undefined : findOwnLogin(auth, process.env);
  return login === undefined ? {} : { authorization: writeLogin(login) };
}
