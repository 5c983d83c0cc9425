import { defineCommand } from "../command.ts";

export const models = defineCommand({
  description: "Models are named by name, name:alias, name@sha256:…, or the first digits of a digest.",
  examples: [
    ["slipway models", "what is stored, newest first"],
    ["slipway models diff digits:champion 9f3c", "what changed between two"],
    ["slipway models alias 9f3c champion", "make an older model the champion again"],
  ],
  fallback: "list",
  subcommands: [
    {
      name: "list",
      summary: "List stored models, newest first",
      load: async () => (await import("./models-list.ts")).list,
    },
    {
      name: "show",
      summary: "Show one model: lineage, metrics, signature",
      load: async () => (await import("./models-show.ts")).show,
    },
    {
      name: "diff",
      summary: "Show what changed from one model to another",
      load: async () => (await import("./models-diff.ts")).diff,
    },
    {
      name: "alias",
      summary: "Point an alias at a model, or take it away",
      load: async () => (await import("./models-alias.ts")).alias,
    },
    {
      name: "push",
      summary: "Copy a model to an OCI registry",
      load: async () => (await import("./models-push.ts")).push,
    },
    {
      name: "pull",
      summary: "Copy a model from an OCI registry",
      load: async () => (await import("./models-pull.ts")).pull,
    },
    { name: "rm", summary: "Remove a model", load: async () => (await import("./models-rm.ts")).rm },
    {
      name: "gc",
      summary: "Free the space of what nothing refers to",
      load: async () => (await import("./models-gc.ts")).gc,
    },
  ],
});
