import { readFile } from "../http/multipart/read-file.ts";
import { decodeImage, decodeImageAside, type DecodeOptions } from "../pixels/decode.ts";
import { readImageHeader } from "../pixels/header.ts";
import type { Prediction } from "../project/types.ts";
import type { ServedModel } from "./model.ts";
import type { Reply, Request, Service } from "./service.ts";

/** Pixels above which decoding would hold up the other callers by more than about a millisecond. */
const largePixels = 256 * 256;

/** Reads the upload in `field`, decodes it as the model that serves now wants it, and asks that model. */
export async function askWithUpload(
  service: Service,
  request: Request,
  reply: Reply,
  field: string,
): Promise<Prediction> {
  const body = await service.bodies.read(request.raw);
  const read = readFile(body, request.headers["content-type"], field);
  const file = read instanceof Promise ? await read : read;
  const model = service.host.current;
  const letGo = model.hold();
  try {
    reply.header("x-model-digest", model.artifact.digest);
    const pixels = decode(file, model, service);
    return await model.classify(pixels instanceof Promise ? await pixels : pixels, () => reply.raw.destroyed);
  } finally {
    letGo();
  }
}

function decode(file: Uint8Array, model: ServedModel, service: Service): Uint8Array | Promise<Uint8Array> {
  const options: DecodeOptions = {
    ...model.classifier.image,
    otherSizes: service.project.data?.otherSizes ?? "refuse",
  };
  const { width, height } = readImageHeader(file);
  return width * height > largePixels ? decodeImageAside(file, options) : decodeImage(file, options);
}
