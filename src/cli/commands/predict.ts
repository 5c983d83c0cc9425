import { Agent } from "node:http";
import type { Prediction } from "../../project/types.ts";
import { wholeRoute } from "../../way/verify-step.ts";
import { uploadFile } from "../../way/upload.ts";
import { defineCommand } from "../command.ts";
import { answerRefused } from "../errors.ts";
import { findEndpoint } from "../endpoint.ts";
import { readFiles } from "../files.ts";
import { projectOption } from "../project.ts";
import { targetOptions } from "../targets.ts";
import { formatTable } from "../view/format.ts";

export const predict = defineCommand({
  description:
    "Asks the model what each file shows. The running endpoint of the project is asked; without one, a server is started for the question and stopped after it.",
  arguments: [["<file...>", "image files"]],
  options: [projectOption, ...targetOptions, { flags: "--url <url>", text: "ask this endpoint instead" }],
  examples: [
    ["slipway predict seven.jpg", ""],
    ["slipway predict data/7/*.jpg --json", "all probabilities"],
    ["slipway predict seven.jpg --url http://10.0.0.7:5000", ""],
    ["slipway predict seven.jpg --target kind-dev", "the endpoint on that cluster"],
  ],
  async run(io, { args: files, options }) {
    // Read first: a file that is not there is told before a server is asked for.
    const contents = await readFiles(files);
    const endpoint = await findEndpoint(io, options, { start: true });
    const agent = new Agent({ keepAlive: true });
    try {
      const answers: ({ file: string } & Prediction)[] = [];
      for (const [index, path] of files.entries()) {
        const url = `${endpoint.url}${wholeRoute.path}`;
        const content = contents[index] ?? new Uint8Array();
        const { status, text } = await uploadFile({
          agent,
          url,
          field: wholeRoute.field,
          path,
          content,
          signal: io.signal,
        });
        if (status !== 200) throw answerRefused({ url, status, answer: `${path}: ${readProblem(text)}` });
        answers.push({ file: path, ...(JSON.parse(text) as Prediction) });
      }
      io.document(answers);
      const rows = answers.map(({ file, label, probability }) => [file, label, `${(probability * 100).toFixed(1)} %`]);
      for (const line of formatTable(["file", "label", "sure"], rows)) io.print(line);
    } finally {
      agent.destroy();
      await endpoint.close();
    }
  },
});

/** What problem+json says for people; any other answer as it is. */
function readProblem(text: string): string {
  try {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    return detail ?? title ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}
