import { defineProject, text } from "slipway";
import { jsonl } from "slipway/data";
import { naiveBayes } from "slipway/train";

export default defineProject({
  name: "{{name}}",
  // One JSON object a line: {"text": "Where is my parcel?", "label": "order_status"}. Or csv("data/texts.csv", …) with the same columns.
  data: jsonl("data/texts.jsonl", { text: "text", label: "label" }),
  // With thousands of texts, logistic() is usually better.
  train: naiveBayes(),
  // What a model must reach before it is served.
  gate: { accuracy: { atLeast: 0.8, notWorseThanChampionBy: 0.02 } },
  serve: {
    port: 5000,
    routes: {
      "POST /predict": { input: { text: text() }, output: ({ label, probability }) => ({ label, probability }) },
    },
  },
});
