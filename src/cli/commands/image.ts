import { defineCommand } from "../command.ts";

export const image = defineCommand({
  description:
    "Images are composed here, without a daemon: base, Node, server, app, model. The same inputs give the same digest, on another day and in another folder; a new model is one new layer.",
  examples: [
    ["slipway image inspect", "what it would be made of"],
    ["slipway image push localhost:5001/digits:v1", "build and push"],
    ["slipway image import --to kind", "build, and bring it into the nodes"],
    ["slipway image build digits.tar --platform linux/amd64", "for ctr images import"],
  ],
  subcommands: [
    {
      name: "build",
      summary: "Build the serving image into a file or a folder",
      load: async () => (await import("./image-build.ts")).build,
    },
    {
      name: "push",
      summary: "Build the serving image and push it to a registry",
      load: async () => (await import("./image-push.ts")).push,
    },
    {
      name: "import",
      summary: "Build the serving image into nodes without a registry",
      load: async () => (await import("./image-import.ts")).importImage,
    },
    {
      name: "inspect",
      summary: "Build the serving image and show its layers",
      load: async () => (await import("./image-inspect.ts")).inspect,
    },
  ],
});
