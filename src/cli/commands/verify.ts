import { contractBroken } from "../../testing/errors.ts";
import type { ContractEndpoint, ContractReport } from "../../testing/contract/run.ts";
import { defineCommand } from "../command.ts";
import { optionInvalid } from "../errors.ts";
import { findEndpoint, splitLogin } from "../endpoint.ts";
import type { Io } from "../io.ts";
import { parseWhole, projectOption } from "../project.ts";
import { targetOptions } from "../targets.ts";
import { formatTable } from "../view/format.ts";

export const verify = defineCommand({
  description:
    "Reads a Seldon contract file, sends seeded requests that it allows to an endpoint, and holds every answer against its targets: status, kind, count of rows, shape, names, type, range and category. A breach ends with exit code 4.",
  arguments: [["[url]", "the endpoint, with or without a path (default: the running endpoint of the project)"]],
  options: [
    { flags: "--contract <file>", text: "the contract (default contract.json)" },
    projectOption,
    ...targetOptions,
    {
      flags: "--endpoint <name>",
      text: "which of Seldon's endpoints (default predict)",
      choices: ["predict", "send-feedback", "transform-input"],
    },
    {
      flags: "--requests <count>",
      text: "requests to send (default 100)",
      parse: (text) => parseWhole("--requests", text, 1, 1_000_000),
    },
    {
      flags: "--batch <rows>",
      text: "rows a request (default 10)",
      parse: (text) => parseWhole("--batch", text, 1, 10_000),
    },
    { flags: "--tensor", text: "send a tensor instead of an ndarray" },
    {
      flags: "--seed <number>",
      text: "another draw of requests (default 1)",
      parse: (text) => parseWhole("--seed", text, 0, 2 ** 31 - 1),
    },
    { flags: "--header <name:value>", text: "a header to send, for example an Authorization" },
  ],
  examples: [
    ["slipway verify --contract contract.json http://127.0.0.1:5000", ""],
    [
      "slipway verify http://127.0.0.1:5000/seldon/hello/api/v0.1/predictions --tensor --json",
      "in CI: the whole report",
    ],
  ],
  async run(io, { args: [url], options }) {
    const [{ readContract }, { kindsOf, runContract }] = await Promise.all([
      import("../../testing/contract/read.ts"),
      import("../../testing/contract/run.ts"),
    ]);
    const contract = await readContract((options["contract"] as string | undefined) ?? "contract.json");
    await using stack = new AsyncDisposableStack();
    const endpoint =
      url === undefined
        ? await findEndpoint(io, options, { start: false })
        : { ...splitLogin(parseUrl(url)), close: async () => {} };
    stack.defer(() => endpoint.close());
    const requests = (options["requests"] as number | undefined) ?? 100;
    const header = options["header"] as string | undefined;
    const report = await runContract(contract, {
      url: endpoint.url,
      endpoint: (options["endpoint"] as ContractEndpoint | undefined) ?? "predict",
      requests,
      batch: (options["batch"] as number | undefined) ?? 10,
      kind: options["tensor"] === true ? "tensor" : "ndarray",
      seed: (options["seed"] as number | undefined) ?? 1,
      headers: { ...endpoint.headers, ...(header !== undefined && parseHeader(header)) },
      signal: io.signal,
      onAnswer: (done) => io.report({ step: "verify", label: "requests", done, total: requests }),
    });
    io.document(report);
    print(report, io);
    if (report.broken > 0)
      throw contractBroken({ url: report.url, broken: report.broken, requests, kinds: kindsOf(report) });
  },
});

function print(report: ContractReport, io: Io): void {
  const write = (text?: string): void => io.print(text);
  const paint = (style: "green" | "red", text: string): string => io.paint(style, text);
  const { url, requests, rows, broken, breaches, targets } = report;
  const held = requests - broken;
  write(`${url} · ${requests} requests, ${rows} rows`);
  write(`  ${broken === 0 ? paint("green", "✔") : paint("red", "✖")} ${held} of ${requests} answers keep the contract`);
  for (const { kind, message, times, request } of breaches) {
    write(`  ${paint("red", "✖")} ${kind.padEnd(9)} ${message}${times > 1 ? ` (${times} answers)` : ""}`);
    write(`    ${"".padEnd(9)} sent: ${shorten(JSON.stringify(request))}`);
  }
  if (targets.length === 0) return;
  write();
  const lines = targets.map(({ name, least, most, mean, counts }) => [
    name,
    counts === undefined
      ? least === undefined
        ? "nothing seen"
        : `${show(least)} … ${show(most ?? least)}, mean ${show(mean ?? least)}`
      : Object.entries(counts)
          .toSorted(([, a], [, b]) => b - a)
          .slice(0, 8)
          .map(([value, times]) => `${value} ×${times}`)
          .join(", "),
  ]);
  for (const line of formatTable(["target", "seen"], lines)) write(line);
}

function parseUrl(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw optionInvalid({ option: "the endpoint", seen: text, wanted: "a URL such as http://127.0.0.1:5000" });
}

function parseHeader(text: string): Record<string, string> {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    // The value may be a secret: it is not shown.
    throw optionInvalid({ option: "--header", seen: text.split(":")[0] ?? "", wanted: "name:value" });
  return { [name]: value };
}

function show(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
