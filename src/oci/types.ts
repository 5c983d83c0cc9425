import type { Digest } from "../base/digest.ts";

/** What OCI calls a content descriptor: the name, kind and size of a blob or manifest. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** In bytes. */
  size: number;
  artifactType?: string;
  annotations?: Readonly<Record<string, string>>;
}

export const manifestTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

/** The config of an artifact that has none: `{}`, by the image spec. */
export const emptyConfig = {
  descriptor: {
    mediaType: "application/vnd.oci.empty.v1+json",
    digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    size: 2,
  } satisfies Descriptor,
  bytes: new TextEncoder().encode("{}"),
};
