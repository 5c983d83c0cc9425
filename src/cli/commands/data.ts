import { defineCommand } from "../command.ts";

export const data = defineCommand({
  description:
    "The dataset is frozen in slipway.lock.json, which belongs in version control: nothing trains on files that changed unnoticed.",
  examples: [
    ["slipway data status", "are the files those of the lock?"],
    ["slipway data lock", "accept the files as they are"],
  ],
  fallback: "status",
  subcommands: [
    {
      name: "status",
      summary: "Tell whether the files are those of the lock",
      load: async () => (await import("./data-status.ts")).status,
    },
    {
      name: "diff",
      summary: "List every file that changed since the lock",
      load: async () => (await import("./data-diff.ts")).diff,
    },
    {
      name: "lock",
      summary: "Freeze the files as they are now",
      load: async () => (await import("./data-lock.ts")).lock,
    },
    {
      name: "audit",
      summary: "Look for wrong labels",
      load: async () => (await import("./data-audit.ts")).audit,
    },
    {
      name: "poison",
      summary: "Spoil labels on purpose, as an exercise",
      load: async () => (await import("./data-poison.ts")).poison,
    },
  ],
});
