/** @file One image asked of an endpoint by its address, as a caller of a route's host would. */
import { readFileSync } from "node:fs";
import { type Agent, request } from "node:http";
import { basename } from "node:path";

export interface Question {
  host: string;
  port: number;
  /** The Host header that a route wants. */
  name: string | undefined;
  agent: Agent;
  path: string;
  /** Of a JPEG. */
  file: string;
}

export interface Told {
  status: number;
  body: Record<string, unknown>;
  /** Of the model that answered. */
  digest: string;
}

const boundary = "question-5f2c1d";

export function askThrough({ host, port, name, agent, path, file }: Question): Promise<Told> {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${basename(file)}"\r\ncontent-type: image/jpeg\r\n\r\n`;
  const content = Buffer.concat([Buffer.from(head), readFileSync(file), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "content-length": content.length,
      ...(name !== undefined && { host: name }),
    };
    const asking = request({ host, port, path, method: "POST", agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: JSON.parse(text) as Record<string, unknown>,
          digest: String(answer.headers["x-model-digest"]),
        }),
      );
    });
    asking.on("error", reject);
    asking.end(content);
  });
}
