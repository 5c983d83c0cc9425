import type { Prediction } from "../../project/types.ts";
import { inferSchema } from "../pages/infer-schema.ts";
import type { Protocol } from "../service.ts";
import { createUploadHandler } from "../upload.ts";

const path = "/playground/predict";
const field = "image";

/** What the page at / asks: the whole prediction, whatever the project's own routes make of it, and the server's time for it. */
export const playground: Protocol = {
  name: "playground",
  register(table, service) {
    const toJson = (prediction: Prediction): string => JSON.stringify(prediction);
    table.add("POST", path, createUploadHandler(service, { protocol: "playground", field, toJson, timed: true }));
  },
  describe({ host }) {
    const { labels } = host.current.classifier;
    const probabilities = Object.fromEntries(labels.map((label, index) => [label, index === 0 ? 1 : 0]));
    const example = { label: labels[0], probability: 1, probabilities };
    return [
      {
        method: "POST",
        path,
        field,
        summary: "The whole prediction, for the playground",
        answer: { contentType: "application/json", schema: inferSchema(example), example },
      },
    ];
  },
};
