import { columns, defineProject } from "slipway";
import { csv } from "slipway/data";
import { forest } from "slipway/train";

export default defineProject({
  name: "{{name}}",
  // A line for each row, numbers in the columns, the label in the target. Where rows have a time, `time: "date"` validates on the latest ones.
  data: csv("data/fruits.csv", { columns: ["weight", "length", "roundness", "hue"], target: "fruit" }),
  // Several at once, the best one wins: experiments([forest({ trees: 50, depth: 3 }), forest({ trees: 100, depth: 8 })]).
  train: forest({ trees: 50, depth: 6 }),
  // What a model must reach before it is served.
  gate: { accuracy: { atLeast: 0.85, notWorseThanChampionBy: 0.02 } },
  serve: {
    port: 5000,
    routes: {
      "POST /predict": { input: columns(), output: ({ label, probability }) => ({ fruit: label, probability }) },
    },
  },
});
