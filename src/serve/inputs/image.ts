import { decodeImage, decodeImageAside, type DecodeOptions } from "../../pixels/decode.ts";
import { orientedSize, readImageHeader } from "../../pixels/header.ts";
import { inputInvalid } from "../errors.ts";
import type { ServedModel } from "../model.ts";
import type { Sent } from "../prediction.ts";
import type { Row } from "../runtime/ports.ts";
import type { Service } from "../service.ts";
import { toRow } from "./row.ts";

/** Pixels above which decoding would hold up the other callers by more than about a millisecond. */
const largePixels = 256 * 256;

/** An image file as a row. Throws what decoding throws. */
export function readImage(file: Uint8Array, model: ServedModel, service: Service, sent: Sent): Row | Promise<Row> {
  const { input, output } = model.face;
  if (input.kind !== "image") throw notImages(model.artifact.name);
  const { width, height, channels } = input;
  // Without data of its own a project says nothing of sizes; a detector's images have any.
  const { data } = service.project;
  const otherSizes = data === undefined || output.kind === "boxes" ? "resize" : (data.otherSizes ?? "refuse");
  const options: DecodeOptions = { height, width, channels, otherSizes };
  // Where other sizes are refused, only the wanted one is decoded: the header need not be read to know that it is small.
  if (otherSizes === "refuse" && width * height <= largePixels) return toRow(model, decodeImage(file, options));
  const header = readImageHeader(file);
  sent.image = orientedSize(header);
  return header.width * header.height > largePixels
    ? decodeImageAside(file, options).then((pixels) => toRow(model, pixels))
    : toRow(model, decodeImage(file, options));
}

function notImages(model: string): Error {
  return inputInvalid({ path: "the body", seen: "an image", wanted: `what ${model} takes` });
}
