/** @file KEP-1755: what a cluster says of the local registry that belongs to it, in the ConfigMap kube-public/local-registry-hosting. */
import { isLoopback, parsePrefix } from "../../oci/reference.ts";
import { hostingInvalid } from "../errors.ts";

export interface Hosting {
  /** Where tools outside of the cluster push to. Without it there is nothing that we could use. */
  host: string | undefined;
  /** What nodes pull from. */
  runtime: string | undefined;
  /** Where pods push to; by the KEP they cannot reach it where this is not said. */
  cluster: string | undefined;
  help: string | undefined;
  insecure: boolean;
}

const key = "localRegistryHosting.v1";

/** Undefined where the ConfigMap speaks no version that we know. Throws `hostingInvalid`. */
export async function readHosting(data: Readonly<Record<string, string>> | undefined): Promise<Hosting | undefined> {
  const text = data?.[key];
  if (text === undefined) return undefined;
  const fields = await parse(text);
  const read = (field: string): string | undefined => {
    const value = fields[field];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") throw hostingInvalid({ field, seen: JSON.stringify(value), wanted: "a text" });
    return value;
  };
  const host = readHost("host", read("host"));
  return {
    host: host?.name,
    runtime: readHost("hostFromContainerRuntime", read("hostFromContainerRuntime"))?.name,
    cluster: readHost("hostFromClusterNetwork", read("hostFromClusterNetwork"))?.name,
    help: read("help"),
    insecure: host !== undefined && !host.secure && isNearby(host.name),
  };
}

async function parse(text: string): Promise<Record<string, unknown>> {
  const wanted = 'lines like `host: "localhost:5001"`';
  const refuse = (seen: string, cause?: unknown) => hostingInvalid({ field: key, seen, wanted }, { cause });
  // Only clusters need it: it would cost the start of every other command.
  const { parse: parseYaml } = await import("yaml");
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw refuse((error as Error).message.split("\n", 1)[0] ?? "", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(JSON.stringify(value));
  return value as Record<string, unknown>;
}

/** The KEP wants host and port; some scripts write an address with its scheme, which then says whether it speaks TLS. */
function readHost(field: string, text: string | undefined): { name: string; secure: boolean } | undefined {
  if (text === undefined) return undefined;
  const [, scheme = "", rest = text] = /^(https?):\/\/(.*)$/.exec(text) ?? [];
  // A name of a container on the nodes' network has no dot; a port tells that it is a host.
  const name = rest.replace(/\/+$/, "");
  try {
    parsePrefix(/[:.]/.test(name) ? name : name.replace(/^[^/]+/, "$&:443"));
  } catch (error) {
    throw hostingInvalid({ field, seen: JSON.stringify(text), wanted: "a host and its port" }, { cause: error });
  }
  return { name, secure: scheme === "https" };
}

/**
 * The KEP is about registries without TLS beside a developer's cluster. A name that anybody on the internet could answer to is
 * not spoken to in plain text, since we may have a password for it.
 */
function isNearby(host: string): boolean {
  const name = host.replace(/\/.*$/, "").replace(/:\d+$/, "");
  return (
    isLoopback(host.replace(/\/.*$/, "")) ||
    !name.includes(".") ||
    /\.(?:localhost|local|internal|test)$/.test(name) ||
    /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(name)
  );
}
