/** @file What an API server's failure means to a user: one error of the catalogue with the object, the verb, the status and the server's own words. */
import type { SlipwayError } from "../../base/errors.ts";
import { clusterForbidden, clusterUnauthorized, fieldConflict, objectMissing, objectRejected } from "../errors.ts";
import type { ApiRequest, Ref } from "./types.ts";

/** A `Status` object of the API, as far as it is read. */
export interface ApiStatus {
  message?: string;
  reason?: string;
  code?: number;
  details?: { retryAfterSeconds?: number; causes?: { reason?: string; message?: string; field?: string }[] };
}

export interface Failure {
  request: Pick<ApiRequest, "ref" | "verb" | "body">;
  status: number;
  body: ApiStatus;
  context: string;
  server: string;
}

export function toError({ request, status, body, context, server }: Failure): SlipwayError {
  const { ref, verb } = request;
  const object = nameRef(ref);
  const message = redact(body.message ?? `HTTP ${status}`, request.body);
  if (status === 401) return clusterUnauthorized({ context, server, message });
  if (status === 403 && body.reason !== "NamespaceTerminating" && !isPolicy(message))
    return clusterForbidden({ object, verb, message, context, check: writeCheck(ref, verb, context) });
  if (status === 404) return objectMissing({ object, verb, message, context });
  const conflicts = readConflicts(object, body);
  if (status === 409 && conflicts.length > 0) return fieldConflict({ conflicts, context });
  return objectRejected({ object, verb, status, message, context, mend: findMend(object, status, message) });
}

/** `Deployment digits in namespace models` */
export function nameRef({ kind, name, namespace }: Ref): string {
  return [kind, name, namespace !== undefined && `in namespace ${namespace}`].filter(Boolean).join(" ");
}

/** `conflict with "kubectl" using apps/v1` at `.spec.replicas`, grouped by manager. */
function readConflicts(object: string, body: ApiStatus): { object: string; manager: string; fields: string[] }[] {
  const byManager = new Map<string, string[]>();
  for (const { reason, message = "", field = "?" } of body.details?.causes ?? []) {
    if (reason !== "FieldManagerConflict") continue;
    const manager = /conflict with "(.+?)"/.exec(message)?.[1] ?? message;
    byManager.set(manager, [...(byManager.get(manager) ?? []), field]);
  }
  return [...byManager].map(([manager, fields]) => ({ object, manager, fields }));
}

/** A 403 that says what is wrong with the object, not with who sent it: quota and pod security. */
function isPolicy(message: string): boolean {
  return /exceeded quota|violates PodSecurity|failed quota|LimitRange|(minimum|maximum) (cpu|memory|storage)/i.test(
    message,
  );
}

function findMend(object: string, status: number, message: string): string {
  if (/exceeded quota|failed quota/.test(message))
    return "Ask for less in deploy.resources or deploy.replicas, or have the namespace's ResourceQuota raised.";
  if (/violates PodSecurity/.test(message))
    return "The namespace enforces a stricter Pod Security level than this pod keeps: see the fields it names, or use a namespace with another level.";
  if (/immutable|may not change|field cannot be changed/.test(message))
    return `That field cannot be changed on a living object: delete ${object} (kubectl delete), then run the command again.`;
  if (/no endpoints available|failed calling webhook/.test(message))
    return "An admission webhook of the cluster is down: mend it (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations), then run the command again.";
  if (/is being terminated|because it is being deleted/.test(message))
    return "Wait until it is gone, then run the command again.";
  if (status === 409) return "Somebody changed it in the meantime: run the command again.";
  if (status >= 500) return "That is the cluster's own failure: see the API server's log, then run the command again.";
  return "Correct the field that the message names in the project file.";
}

function writeCheck({ apiVersion, kind, name, namespace }: Ref, verb: string, context: string): string {
  const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
  // kubectl takes a kind where a resource is wanted.
  const resource = `${kind.toLowerCase()}${group}${name === undefined ? "" : `/${name}`}`;
  return `kubectl --context ${context} auth can-i ${verb} ${resource}${namespace === undefined ? "" : ` --namespace ${namespace}`}`;
}

/** The server may quote what it refuses: values of a Secret are taken out of its words. */
export function redact(text: string, sent: unknown): string {
  const {
    kind,
    data = {},
    stringData = {},
  } = (sent ?? {}) as {
    kind?: string;
    data?: Record<string, string>;
    stringData?: Record<string, string>;
  };
  if (kind !== "Secret") return text;
  const plain = Object.values(data).map((value) => Buffer.from(value, "base64").toString());
  const values = [...Object.values(data), ...Object.values(stringData), ...plain].filter(({ length }) => length > 0);
  // Longest first: one value may be part of another.
  return values.toSorted((a, b) => b.length - a.length).reduce((left, value) => left.replaceAll(value, "•••"), text);
}
