import { defineProject, text } from "slipway";
import { jsonl } from "slipway/data";
import { naiveBayes } from "slipway/train";

export default defineProject({
  name: "intent",
  data: jsonl("data/intents.jsonl", { text: "text", label: "intent" }),
  train: naiveBayes(),
  gate: { accuracy: { atLeast: 0.8, notWorseThanChampionBy: 0.02 } },
  serve: {
    port: 6000,
    // What KServe's callers ask for: POST /v1/models/intent-classifier:predict
    modelName: "intent-classifier",
    routes: {
      "POST /predict": { input: { text: text() }, output: ({ label }) => ({ intent: label }) },
      "GET /health": { handle: () => ({ status: "ok" }) },
    },
  },
  deploy: {
    namespace: "intent",
    replicas: 2,
    expose: { ingress: { class: "traefik" } },
    // Controllers that run outside of pods as well: they call from the private network.
    network: { from: [{ cidr: "10.0.0.0/8" }] },
    resources: { cpu: "100m", memory: "200Mi" },
  },
});
