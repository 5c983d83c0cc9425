import { defineCommand } from "../command.ts";
import { buildNamed, imageOptions, listSummaries, printImages, trainerOption } from "../images.ts";

export const inspect = defineCommand({
  description:
    "Shows what the serving image is made of: layers, sizes, digests; with --json its config and annotations too. It writes nothing but the cache.",
  options: [...imageOptions, trainerOption],
  examples: [["slipway image inspect --platform linux/amd64", ""]],
  async run(io, { options }) {
    const made = await buildNamed(io, options);
    io.document({ images: listSummaries(made) });
    printImages(io, made);
  },
});
