/** @file A process that builds an image and prints its digest: `node builder.ts <project> <store> <cache> <model>`. */
import { openStore } from "../../../src/artifact/store/layout.ts";
import { buildImage } from "../../../src/image/build.ts";
import { inspectImage } from "../../../src/image/inspect.ts";
import { herePlatform } from "../../../src/image/platform.ts";
import { loadProject } from "../../../src/project/load.ts";

const [folder = "", place = "", cache = "", model = ""] = process.argv.slice(2);
const [project, store] = [await loadProject(folder), await openStore(place)];
const image = await buildImage(herePlatform(), { project, model: await store.pack(model), base: "host", cache });
process.stdout.write(JSON.stringify({ digest: inspectImage(image).digest, at: Date.now() }));
