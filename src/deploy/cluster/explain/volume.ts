/** @file Claims that get no volume. One that waits for its first pod is in order. */
import { pick } from "../shapes.ts";
import { refOf } from "../objects.ts";
import { findEvent, quote } from "./events.ts";
import type { Check, Finding } from "./finding.ts";

export const explainVolumes: Check = (state) => {
  const wanted = new Set(
    pick(state.objects, "Pod").flatMap(({ spec }) =>
      (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
        claim === undefined ? [] : [claim.claimName],
      ),
    ),
  );
  const claims = pick(state.objects, "PersistentVolumeClaim");
  return claims.flatMap((claim): Finding[] => {
    if (claim.status?.phase === "Bound") return [];
    const event = findEvent(state, claim, [
      "ProvisioningFailed",
      "FailedBinding",
      "WaitForFirstConsumer",
      "ExternalProvisioning",
      "VolumeMismatch",
    ]);
    if (event?.reason === "WaitForFirstConsumer" || (event === undefined && !wanted.has(claim.metadata.name)))
      return [];
    const name = claim.metadata.name;
    const size = claim.spec.resources?.requests?.storage;
    const asked = `claim ${name}${size === undefined ? "" : ` (${size})`}`;
    const evidence = event === undefined ? [] : [quote(event)];
    const base = { evidence, object: refOf(claim) };
    const message = event?.message ?? "";
    const missing = /storageclass\S* "([^"]+)" not found/i.exec(message)?.[1];
    if (missing !== undefined)
      return [
        {
          ...base,
          code: "claim-class-missing",
          cause: `${asked} names the StorageClass ${missing}, which there is not`,
          mend: "Name one of `kubectl get storageclass` in train.volume.class.",
          final: 0,
        },
      ];
    if (claim.status?.phase === "Lost")
      return [
        {
          ...base,
          code: "claim-lost",
          cause: `${asked} has lost its volume`,
          mend: "The data is gone with it: delete the claim and run the command again.",
          final: 0,
        },
      ];
    if (event?.reason === "FailedBinding")
      return [
        {
          ...base,
          code: "claim-without-class",
          cause: `${asked} names no StorageClass, and the cluster has no default one`,
          mend: "Name one in train.volume.class, or mark one as default: kubectl get storageclass.",
          final: 5,
        },
      ];
    if (event?.reason === "ExternalProvisioning")
      return [
        {
          ...base,
          code: "claim-provisioner",
          cause: `${asked} waits for its StorageClass's provisioner`,
          mend: "See that the provisioner's pods run: kubectl get storageclass names it.",
          final: 90,
        },
      ];
    return [
      {
        ...base,
        code: "claim-pending",
        cause: `${asked} gets no volume`,
        mend: `See kubectl describe pvc ${name}.`,
        ...(event !== undefined && { final: 60 }),
      },
    ];
  });
};
