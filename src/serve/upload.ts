import type { IncomingMessage, ServerResponse } from "node:http";
import type { BodyTaker } from "../http/body.ts";
import type { RequestSeries } from "../http/metrics.ts";
import { readFile } from "../http/multipart/read-file.ts";
import { decodeImage, decodeImageAside, type DecodeOptions } from "../pixels/decode.ts";
import { readImageHeader } from "../pixels/header.ts";
import type { Prediction } from "../project/types.ts";
import type { RowOwner } from "./batcher.ts";
import { answer, sendProblem, type Exchange } from "./exchange.ts";
import type { ServedModel } from "./model.ts";
import type { NumberRow } from "./runtime/pool.ts";
import type { RawHandler, Service } from "./service.ts";

/** A route that takes one image in a form. */
export interface UploadRoute {
  /** As metrics name it. */
  protocol: string;
  field: string;
  toJson: (prediction: Prediction) => string | Promise<string>;
  /** Tells the caller the server's time for it. */
  timed?: boolean;
}

const jsonType = "application/json; charset=utf-8";

/** Pixels above which decoding would hold up the other callers by more than about a millisecond. */
const largePixels = 256 * 256;

/** Answers uploads: reads, decodes as the model that serves now wants it, asks that model; counts and times. */
export function createUploadHandler(service: Service, route: UploadRoute): RawHandler {
  const series = new WeakMap<ServedModel, RequestSeries>();
  const seriesOf = (model: ServedModel): RequestSeries => {
    let found = series.get(model);
    if (found === undefined) {
      const { artifact, version } = model;
      found = service.metrics.requests({ model: artifact.name, version, protocol: route.protocol });
      series.set(model, found);
    }
    return found;
  };
  return (request, response, id) => {
    service.metrics.inFlight(1);
    service.bodies.read(request, new Upload(request, response, id, { service, route, seriesOf }));
  };
}

interface Surroundings {
  service: Service;
  route: UploadRoute;
  seriesOf: (model: ServedModel) => RequestSeries;
}

/**
 * One upload on its way. This is the server's hot path, so the steps call each other and wait for nothing that is there already:
 * promises and closures for each step cost more than the steps.
 */
class Upload implements Exchange, BodyTaker, RowOwner<NumberRow> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  readonly started = performance.now();
  readonly around: Surroundings;
  /** The model that was asked, held until it answered. */
  model: ServedModel | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, id: string, around: Surroundings) {
    this.request = request;
    this.response = response;
    this.id = id;
    this.around = around;
  }

  takeBody(body: Buffer): void {
    try {
      const file = readFile(body, this.request.headers["content-type"], this.around.route.field);
      if (file instanceof Promise)
        file.then(
          (read) => this.takeFile(read),
          (error: unknown) => this.fail(error),
        );
      else this.takeFile(file);
    } catch (error) {
      this.fail(error);
    }
  }

  takeFile(file: Uint8Array): void {
    try {
      const { service } = this.around;
      this.model = service.host.current;
      this.model.hold();
      const pixels = decode(file, this.model, service);
      if (pixels instanceof Promise)
        pixels.then(
          (decoded) => this.model!.ask(decoded, this),
          (error: unknown) => this.fail(error),
        );
      else this.model.ask(pixels, this);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Asked before the row runs. */
  hasLeft(): boolean {
    return this.response.destroyed;
  }

  resolve(row: NumberRow): void {
    try {
      const json = this.around.route.toJson(this.model!.read(row));
      if (json instanceof Promise)
        json.then(
          (written) => this.finish(written),
          (error: unknown) => this.fail(error),
        );
      else this.finish(json);
    } catch (error) {
      this.fail(error);
    }
  }

  reject(error: unknown): void {
    this.fail(error);
  }

  fail(error: unknown): void {
    this.end(sendProblem(error, this, this.around.service));
  }

  private finish(body: string): void {
    const { digest } = this.model!.artifact;
    const { timed } = this.around.route;
    const headers =
      timed === true ? ["server-timing", `predict;dur=${(performance.now() - this.started).toFixed(2)}`] : undefined;
    this.end(answer(this, { status: 200, digest, type: jsonType, body }, headers));
  }

  private end(status: number): void {
    const { service, seriesOf } = this.around;
    this.model?.letGo();
    service.metrics.inFlight(-1);
    seriesOf(service.host.current).count(status, (performance.now() - this.started) / 1000);
  }
}

function decode(file: Uint8Array, model: ServedModel, service: Service): Uint8Array | Promise<Uint8Array> {
  const { image } = model.classifier;
  const otherSizes = service.project.data?.otherSizes ?? "refuse";
  const options: DecodeOptions = { height: image.height, width: image.width, channels: image.channels, otherSizes };
  // Where other sizes are refused, only the wanted one is decoded: the header need not be read to know that it is small.
  if (otherSizes === "refuse" && image.width * image.height <= largePixels) return decodeImage(file, options);
  const { width, height } = readImageHeader(file);
  return width * height > largePixels ? decodeImageAside(file, options) : decodeImage(file, options);
}
