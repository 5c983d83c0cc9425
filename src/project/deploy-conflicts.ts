import { isObject } from "../base/json.ts";
import { compareQuantities } from "../base/quantity.ts";
import type { Fault } from "./errors.ts";

/** Settings that are right each for itself and wrong together. Looks only at what is of the right type; the rest has its own faults. */
export function findDeployConflicts(deploy: unknown): Fault[] {
  if (!isObject(deploy)) return [];
  const { scale, expose: exposed, env, registry: named, import: imported } = deploy;
  const { delivery = "image" } = partOf(deploy["model"]);
  const training = partOf(deploy["train"]);
  const faults: Fault[] = [];
  const refuse = (at: string, seen: unknown, wish: string): void =>
    void faults.push({ path: `deploy.${at}`, problem: `is ${JSON.stringify(seen)}, wanted ${wish}` });

  const { min, max } = partOf(scale);
  if (Number(min) > Number(max)) refuse("scale.min", min, `at most scale.max (${String(max)})`);
  [exposed].flat().forEach((entry, i) => {
    const { service, nodePort } = partOf(entry);
    if (service === "clusterIP" && nodePort !== undefined)
      refuse(
        Array.isArray(exposed) ? `expose[${i}].nodePort` : "expose.nodePort",
        nodePort,
        `service "nodePort" beside it`,
      );
  });
  if (named !== undefined && imported !== undefined)
    refuse("import", imported, "either deploy.registry or deploy.import: images come to the nodes one way");
  const { PORT: port } = partOf(env);
  if (typeof port === "string" && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    refuse("env.PORT", port, "a port from 1 to 65535");
  if (isObject(port)) refuse("env.PORT", port, "a port as text: Services and probes must know it");
  if (training["schedule"] !== undefined && delivery === "image")
    refuse(
      "train.schedule",
      training["schedule"],
      'model.delivery "registry" or "volume" beside it: a model in the image is not replaced',
    );
  if (delivery === "volume" && training["volume"] === undefined)
    refuse("model.delivery", delivery, "train.volume beside it: there the server looks for models");
  if (training["data"] === "volume" && training["volume"] === undefined)
    refuse("train.data", "volume", "train.volume beside it");
  for (const [at, asked] of [
    ["resources", deploy["resources"]],
    ["train.resources", training["resources"]],
  ] as const)
    for (const kind of ["cpu", "memory"]) {
      const [request, limit] = [partOf(asked)[kind], partOf(partOf(asked)["limits"])[kind]];
      if (typeof request === "string" && typeof limit === "string" && compareQuantities(request, limit) > 0)
        refuse(`${at}.limits.${kind}`, limit, `at least what is asked for (${request})`);
    }
  return faults;
}

function partOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
