/** Where a visitor is, by the address behind #. */
export type Place = { page: "data" } | { page: "models" } | { page: "model"; digest: string };

/** What is no place leads to the first page. */
export function readPlace(hash: string): Place {
  const [, page = "", digest = ""] = /^#\/([a-z]+)(?:\/(sha256:[0-9a-f]{64}))?$/.exec(hash) ?? [];
  if (page === "models") return digest === "" ? { page: "models" } : { page: "model", digest };
  return { page: "data" };
}
