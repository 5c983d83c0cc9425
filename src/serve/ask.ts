import type { IncomingMessage, ServerResponse } from "node:http";
import type { BodyTaker } from "../http/body.ts";
import type { RequestSeries } from "../http/metrics.ts";
import type { Prediction } from "../project/types.ts";
import type { RowOwner } from "./batcher.ts";
import { answer, sendProblem, type Exchange } from "./exchange.ts";
import { requireHost } from "./host.ts";
import type { ServedModel } from "./model.ts";
import type { Sent } from "./prediction.ts";
import type { Row } from "./runtime/ports.ts";
import { seriesFor } from "./series.ts";
import type { RawHandler, Service } from "./service.ts";

/** A route that asks the model about one row. */
export interface AskRoute {
  /** As metrics name it. */
  protocol: string;
  /** Bytes a body may have, where that is less than the server's limit. */
  maxBytes?: number;
  /** Reads the body as the model takes it, and notes in `sent` what the answer needs. */
  toRow: (body: Buffer, contentType: string | undefined, model: ServedModel, sent: Sent) => Row | Promise<Row>;
  toJson: (prediction: Prediction) => string | Promise<string>;
  /** Tells the caller the server's time for it. */
  timed?: boolean;
}

const jsonType = "application/json; charset=utf-8";

/** Answers single rows: reads them as the model that serves now wants them, asks that model; counts and times. */
export function createAskHandler(service: Service, route: AskRoute): RawHandler {
  const seriesOf = seriesFor(service, route.protocol);
  return (request, response, id) => {
    service.metrics.inFlight(1);
    service.bodies.read(request, new Ask(request, response, id, { service, route, seriesOf }), route.maxBytes);
  };
}

interface Surroundings {
  service: Service;
  route: AskRoute;
  seriesOf: (model: ServedModel | undefined) => RequestSeries;
}

/**
 * One request on its way. This is the server's hot path, so the steps call each other and wait for nothing that is there already:
 * promises and closures for each step cost more than the steps.
 */
class Ask implements Exchange, BodyTaker, RowOwner<Row> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  readonly started = performance.now();
  readonly around: Surroundings;
  readonly sent: Sent = {};
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
      const { service, route } = this.around;
      this.model = requireHost(service).current;
      this.model.hold();
      const row = route.toRow(body, this.request.headers["content-type"], this.model, this.sent);
      if (row instanceof Promise)
        row.then(
          (read) => this.model!.ask(read, this),
          (error: unknown) => this.fail(error),
        );
      else this.model.ask(row, this);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Asked before the row runs. */
  hasLeft(): boolean {
    return this.response.destroyed;
  }

  resolve(result: Row): void {
    try {
      const json = this.around.route.toJson(this.model!.read(result, this.sent));
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
    seriesOf(this.model).count(status, (performance.now() - this.started) / 1000);
  }
}
