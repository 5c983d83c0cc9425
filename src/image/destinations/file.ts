import { printImage } from "../manifest.ts";
import { herePlatform } from "../platform.ts";
import { ociArchive, writeArchive } from "./archive.ts";
import type { Importer } from "./importer.ts";
import { writeLayout } from "./layout.ts";

/** A tar to carry over by hand, or a folder where the name does not end in `.tar`: OCI's layout in both. */
export function openFile(path: string): Importer {
  return {
    name: path,
    platform: async () => herePlatform(),
    import: async (image, names) => {
      const archive = ociArchive(image, names);
      if (path.endsWith(".tar")) await writeArchive(archive, path);
      else for (const name of names) await writeLayout(image, path, name);
      return { digest: printImage(image).manifest.descriptor.digest, places: [{ place: path, sent: archive.size }] };
    },
  };
}
