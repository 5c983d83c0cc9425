import { createAgent } from "../../base/ask.ts";
import type { Prediction } from "../../project/types.ts";
import { encodeQuestion } from "../../way/question.ts";
import { post } from "../../way/upload.ts";
import { wholeRoutes } from "../../way/verify-step.ts";
import { askKind, readProblem, toQuestions } from "../asked.ts";
import { defineCommand } from "../command.ts";
import { findEndpoint } from "../endpoint.ts";
import { answerRefused } from "../errors.ts";
import { projectOption } from "../project.ts";
import { targetOptions } from "../targets.ts";
import { formatTable } from "../view/format.ts";

export const predict = defineCommand({
  description:
    "Asks the model about each file, text or row: what it is asked about, its signature says. The running endpoint of the project is asked; without one, a server is started for the question and stopped after it.",
  arguments: [["<what...>", "image files; texts; or rows as JSON objects of columns"]],
  options: [projectOption, ...targetOptions, { flags: "--url <url>", text: "ask this endpoint instead" }],
  examples: [
    ["slipway predict seven.jpg", ""],
    ["slipway predict data/7/*.jpg --json", "all probabilities"],
    [`slipway predict "Where is my parcel?" "Hi"`, "a model of texts"],
    [`slipway predict '{"length":4.5,"width":2}'`, "a model of columns"],
    ["slipway predict seven.jpg --url http://10.0.0.7:5000", ""],
    ["slipway predict street.jpg --url http://name:password@10.0.0.7:5000", "one that wants a login"],
    ["slipway predict seven.jpg --target kind-dev", "the endpoint on that cluster"],
  ],
  async run(io, { args: words, options }) {
    await using stack = new AsyncDisposableStack();
    const endpoint = await findEndpoint(io, options, { start: true });
    stack.defer(() => endpoint.close());
    const agent = createAgent(endpoint.url);
    stack.defer(() => agent.destroy());
    const kind = await askKind(endpoint, io.signal);
    const { path, field } = wholeRoutes[kind];
    const url = `${endpoint.url}${path}`;
    const what = { image: "file", text: "text", features: "row" }[kind];
    const answers: [asked: string, answer: Partial<Prediction>][] = [];
    for (const question of await toQuestions(kind, words)) {
      const sent = await encodeQuestion(question, field);
      const { status, text } = await post({ agent, url, headers: endpoint.headers, signal: io.signal, ...sent });
      if (status !== 200) throw answerRefused({ url, status, answer: `${question.name}: ${readProblem(text)}` });
      answers.push([question.name, JSON.parse(text) as Partial<Prediction>]);
    }
    io.document(answers.map(([asked, answer]) => ({ [what]: asked, ...answer })));
    for (const line of formatTable([what, "label", "sure"], answers.flatMap(toLines))) io.print(line);
  },
});

/** One line, or one for each thing that was detected. */
function toLines([asked, answer]: readonly [string, Partial<Prediction>]): string[][] {
  const { label, probability, labels, scores, outputs } = answer;
  if (outputs !== undefined) return [[asked, JSON.stringify(outputs), ""]];
  if (labels === undefined || scores === undefined) return [[asked, label ?? "", formatShare(probability)]];
  if (labels.length === 0) return [[asked, "nothing", ""]];
  return labels.map((seen, index) => [asked, seen, formatShare(scores[index])]);
}

function formatShare(share = Number.NaN): string {
  return `${(share * 100).toFixed(1)} %`;
}
