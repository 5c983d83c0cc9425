import { Busboy, type BusboyInstance } from "@fastify/busboy";
import { messageOf } from "../../base/errors.ts";
import { multipartMalformed, partsTooMany } from "../errors.ts";
import type { FormLimits, Part } from "./types.ts";

/** All parts of a form, by the full parser. The body is whole already, so its size is bounded. */
export function parseForm(body: Buffer, contentType: string, limits: FormLimits): Promise<Part[]> {
  return new Promise((resolve, reject) => {
    const parts: Part[] = [];
    const refuse = (why: string): void =>
      reject(multipartMalformed({ why, wanted: "a form that ends with its boundary" }));
    const tooMany = (): void =>
      reject(partsTooMany({ limit: limits.parts, wanted: `a form of at most ${limits.parts} parts` }));
    let busboy: BusboyInstance;
    try {
      busboy = new Busboy({
        headers: { "content-type": contentType },
        limits: { parts: limits.parts, headerPairs: 20, fieldNameSize: 200, fieldSize: body.length },
      });
    } catch (error) {
      return refuse(messageOf(error));
    }
    let open = 0;
    busboy.on("partsLimit", tooMany);
    busboy.on("field", (name, value) => {
      parts.push({ name: name ?? "", content: Buffer.from(value) });
    });
    busboy.on("file", (name, stream, fileName) => {
      const chunks: Buffer[] = [];
      open++;
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      // A file that is cut short fails on its own stream, and again on the parser.
      stream.on("error", (error: Error) => refuse(error.message));
      stream.on("end", () => {
        open--;
        parts.push({ name: name ?? "", content: Buffer.concat(chunks), ...(fileName !== undefined && { fileName }) });
      });
    });
    busboy.on("error", (error) => refuse(messageOf(error)));
    busboy.on("finish", () => {
      if (open > 0) refuse("a part is cut short");
      else resolve(parts);
    });
    busboy.end(body);
  });
}
