import { findSlipwayError } from "../../base/errors.ts";
import { clusterForbidden } from "../../deploy/errors.ts";
import { getObject } from "../../deploy/cluster/objects.ts";
import { writeLogin } from "../../http/basic.ts";
import type { EnvironmentValue } from "../../project/deploy.ts";
import type { Project } from "../../project/types.ts";
import { findOwnLogin } from "../../serve/credentials.ts";
import type { ClusterPlace } from "./place.ts";

/** Headers that the project's server on the cluster lets in: by the environment and the files that it gets there, Secrets among them. */
export async function clusterLoginHeaders(
  { definition }: Pick<Project, "definition">,
  place: Pick<ClusterPlace, "cluster" | "namespace" | "deploy">,
): Promise<Record<string, string>> {
  const auth = definition.serve?.auth;
  if (auth === undefined) return {};
  const { env = {}, files = {} } = place.deploy;
  const named = auth.env ?? { username: "SECRET_USERNAME", password: "SECRET_PASSWORD" };
  const variables: Record<string, string | undefined> = {};
  for (const name of Object.values(named)) variables[name] = await readValue(place, env[name]);
  const mounted = new Map<string, string>();
  for (const [path, file] of Object.entries(files)) {
    if (auth.folder === undefined || !path.startsWith(`${auth.folder.replace(/\/$/, "")}/`) || "from" in file) continue;
    const text = await readValue(place, "content" in file ? file.content : file);
    if (text !== undefined) mounted.set(path, text);
  }
  const login = findOwnLogin(auth, variables, (path) => {
    const text = mounted.get(path);
    if (text === undefined) throw new Error(`${path} is not mounted`);
    return text;
  });
  return login === undefined ? {} : { authorization: writeLogin(login) };
}

/** Undefined where it is not there, or is not for us to see: the endpoint's refusal then says so. */
async function readValue(
  { cluster, namespace }: Pick<ClusterPlace, "cluster" | "namespace">,
  value: EnvironmentValue | undefined,
): Promise<string | undefined> {
  if (value === undefined || typeof value === "string") return value;
  const found = await getObject(cluster, { apiVersion: "v1", kind: "Secret", name: value.secret, namespace }).catch(
    (error: unknown) => {
      if (findSlipwayError(error)?.code !== clusterForbidden.code) throw error;
    },
  );
  const data = (found as { data?: Record<string, string> } | undefined)?.data?.[value.key];
  return data === undefined ? undefined : Buffer.from(data, "base64").toString("utf8");
}
