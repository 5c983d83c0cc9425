import { postRequest, runLoad } from "../../testing/load.ts";
import { encodeQuestion } from "../../way/question.ts";
import { wholeRoutes } from "../../way/verify-step.ts";
import { askKind, toQuestions } from "../asked.ts";
import { defineCommand } from "../command.ts";
import { findEndpoint } from "../endpoint.ts";
import { benchFailed } from "../errors.ts";
import { parseWhole, projectOption } from "../project.ts";
import { listSamples } from "../samples.ts";
import { targetOptions } from "../targets.ts";
import { formatCount } from "../view/format.ts";

export const bench = defineCommand({
  description:
    "Sends images, texts or rows to the running endpoint of the project for some seconds, on many connections at once, and tells requests per second and latency. Client and server share this machine: the figures are what both reach together.",
  arguments: [
    [
      "[what...]",
      "image files, texts or rows to send (default: up to ten of the project's dataset for each label; where its data are weights, files must be named)",
    ],
  ],
  options: [
    projectOption,
    ...targetOptions,
    { flags: "--url <url>", text: "measure this endpoint instead" },
    {
      flags: "--connections <count>",
      text: "connections kept busy (default 32)",
      parse: (text) => parseWhole("--connections", text, 1, 1024),
    },
    {
      flags: "--seconds <seconds>",
      text: "how long to send (default 5)",
      parse: (text) => parseWhole("--seconds", text, 1, 600),
    },
  ],
  examples: [
    ["slipway bench", "after slipway up, in another terminal"],
    ["slipway bench --connections 64 --seconds 10 --json", ""],
  ],
  async run(io, { args: words, options }) {
    await using stack = new AsyncDisposableStack();
    const endpoint = await findEndpoint(io, options, { start: false });
    stack.defer(() => endpoint.close());
    const { hostname, port, protocol } = new URL(endpoint.url);
    const kind = await askKind(endpoint, io.signal);
    const { path, field } = wholeRoutes[kind];
    const questions = words.length > 0 ? await toQuestions(kind, words) : await listSamples(options, kind, io);
    const requests = await Promise.all(
      questions.map(async (question) =>
        postRequest({ host: hostname, path, headers: endpoint.headers, ...(await encodeQuestion(question, field)) }),
      ),
    );
    const connections = (options["connections"] as number | undefined) ?? 32;
    const seconds = (options["seconds"] as number | undefined) ?? 5;
    io.report({ step: "bench", label: `${connections} connections for ${seconds} s` });
    const host = hostname.replace(/^\[|\]$/g, "");
    const result = await runLoad({
      host,
      port: Number(port || (protocol === "https:" ? 443 : 80)),
      connections,
      seconds,
      warmupSeconds: 0.5,
      requests,
    });
    if (result.requests === 0)
      throw benchFailed({ url: endpoint.url, statuses: result.statuses, failed: result.failed });
    io.document({ url: endpoint.url, seconds, ...result, connections });
    const { latency, requestsPerSecond, wrong, failed } = result;
    const ms = (value: number): string => `${value.toFixed(1)} ms`;
    io.print(`${endpoint.url}${path} · ${connections} connections · ${seconds} s`);
    io.print(`  requests/s  ${formatCount(Math.round(requestsPerSecond))}`);
    io.print(
      `  latency     p50 ${ms(latency.p50)} · p90 ${ms(latency.p90)} · p99 ${ms(latency.p99)} · most ${ms(latency.max)}`,
    );
    io.print(`  errors      ${formatCount(wrong + failed)} of ${formatCount(result.requests)}`);
  },
});
