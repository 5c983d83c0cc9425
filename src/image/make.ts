import type { Image, ImageIndex, Platform } from "./types.ts";

export type Build = (platform: Platform) => Promise<Image>;

/** One image where one platform is asked for, else an index of them. Made and not sent. */
export async function makeImage(platforms: readonly Platform[], build: Build): Promise<Image | ImageIndex> {
  const images: Image[] = [];
  // One after the other: each uses all cores when it compresses.
  for (const platform of platforms) images.push(await build(platform));
  const [only, ...more] = images;
  return only !== undefined && more.length === 0 ? only : { images, annotations: only?.annotations ?? {} };
}
