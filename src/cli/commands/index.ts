/** @file Every command. A new one is a file here, its test, and one line in this list. */
import type { CommandEntry } from "../command.ts";

export const commands: readonly CommandEntry[] = [
  { name: "init", summary: "Make a new project that works", load: async () => (await import("./init.ts")).init },
  {
    name: "up",
    summary: "Go the whole way: from data to a verified endpoint",
    load: async () => (await import("./up.ts")).up,
  },
  {
    name: "train",
    summary: "Train, judge and store a model, without serving it",
    load: async () => (await import("./train.ts")).train,
  },
  {
    name: "diff",
    summary: "Show what `up` would change on a cluster",
    load: async () => (await import("./diff.ts")).diff,
  },
  { name: "serve", summary: "Serve a stored model", load: async () => (await import("./serve.ts")).serve },
  { name: "predict", summary: "Ask the model about files", load: async () => (await import("./predict.ts")).predict },
  { name: "status", summary: "Show what runs on a target", load: async () => (await import("./status.ts")).status },
  { name: "logs", summary: "Show what the server says", load: async () => (await import("./logs.ts")).logs },
  {
    name: "open",
    summary: "Open the endpoint's page in the browser",
    load: async () => (await import("./open.ts")).open,
  },
  {
    name: "console",
    summary: "Look at data, suspected labels and models in the browser",
    load: async () => (await import("./console.ts")).consoleCommand,
  },
  {
    name: "forward",
    summary: "Make the endpoint answer on a port of this machine",
    load: async () => (await import("./forward.ts")).forward,
  },
  {
    name: "history",
    summary: "List what was released on a target",
    load: async () => (await import("./history.ts")).history,
  },
  { name: "down", summary: "Take away what runs on a target", load: async () => (await import("./down.ts")).down },
  {
    name: "models",
    summary: "List, compare and manage stored models",
    load: async () => (await import("./models.ts")).models,
  },
  {
    name: "data",
    summary: "Freeze the dataset, and see what changed",
    load: async () => (await import("./data.ts")).data,
  },
  {
    name: "image",
    summary: "Build the serving image, without a daemon",
    load: async () => (await import("./image.ts")).image,
  },
  {
    name: "export",
    summary: "Write the cluster's objects as YAML, a Kustomize base or a Helm chart",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  { name: "bench", summary: "Measure the endpoint under load", load: async () => (await import("./bench.ts")).bench },
  {
    name: "verify",
    summary: "Hold an endpoint against a contract file",
    load: async () => (await import("./verify.ts")).verify,
  },
  {
    name: "doctor",
    summary: "Look for the usual causes of trouble",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    name: "completion",
    summary: "Print a completion script for your shell",
    load: async () => (await import("./completion.ts")).completion,
  },
];
