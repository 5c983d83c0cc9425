import { findSlipwayError } from "../../base/errors.ts";
import { clusterForbidden } from "../../deploy/errors.ts";
import { getObject } from "../../deploy/cluster/objects.ts";
import { writeLogin } from "../../http/basic.ts";
import type { EnvironmentValue } from "../../project/deploy.ts";
import type { Project } from "../../project/types.ts";
import { findOwnLogin, nameVariables } from "../../serve/credentials.ts";
import { loginForbidden } from "../errors.ts";
import { environmentLoginHeaders } from "../login.ts";
import type { ClusterPlace } from "./place.ts";

/**
 * Headers that the project's server on the cluster lets in: by the environment and the files that it gets there, Secrets among them. Where a Secret
 * may not be read, this machine's environment has to name the login; throws `loginForbidden` where it does not.
 */
export async function clusterLoginHeaders(
  project: Pick<Project, "definition">,
  place: Pick<ClusterPlace, "cluster" | "namespace" | "deploy">,
  here: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, string>> {
  try {
    return await readLoginHeaders(project, place);
  } catch (error) {
    const known = environmentLoginHeaders(project, here);
    if (known !== undefined && findSlipwayError(error)?.code === loginForbidden.code) return known;
    throw error;
  }
}

async function readLoginHeaders(
  { definition }: Pick<Project, "definition">,
  place: Pick<ClusterPlace, "cluster" | "namespace" | "deploy">,
): Promise<Record<string, string>> {
  const auth = definition.serve?.auth;
  if (auth === undefined) return {};
  const { env = {}, files = {} } = place.deploy;
  const names = Object.values(nameVariables(auth));
  const read = (value: EnvironmentValue | undefined): Promise<string | undefined> =>
    readValue(place, value, { project: definition.name, variables: names });
  const variables: Record<string, string | undefined> = {};
  for (const name of names) variables[name] = await read(env[name]);
  const mounted = new Map<string, string>();
  for (const [path, file] of Object.entries(files)) {
    if (auth.folder === undefined || !path.startsWith(`${auth.folder.replace(/\/$/, "")}/`) || "from" in file) continue;
    const text = await read("content" in file ? file.content : file);
    if (text !== undefined) mounted.set(path, text);
  }
  const login = findOwnLogin(auth, variables, (path) => {
    const text = mounted.get(path);
    if (text === undefined) throw new Error(`${path} is not mounted`);
    return text;
  });
  return login === undefined ? {} : { authorization: writeLogin(login) };
}

/** Undefined where it is not there: the endpoint's refusal then says so. */
async function readValue(
  { cluster, namespace }: Pick<ClusterPlace, "cluster" | "namespace">,
  value: EnvironmentValue | undefined,
  told: { project: string; variables: readonly string[] },
): Promise<string | undefined> {
  if (value === undefined || typeof value === "string") return value;
  const { secret, key } = value;
  const ref = { apiVersion: "v1", kind: "Secret", name: secret, namespace };
  const found = await getObject(cluster, ref).catch((cause: unknown) => {
    const error = findSlipwayError(cause);
    if (error?.code !== clusterForbidden.code) throw cause;
    const check = String(error.details["check"]);
    throw loginForbidden({ ...told, secret, namespace, context: cluster.context, check }, { cause });
  });
  const data = (found as { data?: Record<string, string> } | undefined)?.data?.[key];
  return data === undefined ? undefined : Buffer.from(data, "base64").toString("utf8");
}
