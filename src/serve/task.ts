import type { IncomingMessage, ServerResponse } from "node:http";
import type { BodyTaker } from "../http/body.ts";
import { answer, sendProblem, type Exchange } from "./exchange.ts";
import { requireHost } from "./host.ts";
import type { ServedModel } from "./model.ts";
import { seriesFor } from "./series.ts";
import type { ErrorShape, RawHandler, Service } from "./service.ts";
import { writeJson } from "./values.ts";

/** One request as a task sees it. */
export interface Call {
  readonly request: IncomingMessage;
  readonly id: string;
  /** Empty where the method has none. */
  readonly body: Buffer;
  /** The model that serves: the same one for as long as the call lasts. Throws `modelAbsent`. */
  readonly model: ServedModel;
  /** The caller hung up. */
  hasLeft(): boolean;
}

export interface Answer {
  status?: number;
  type?: string;
  body: string;
  /** Names and values in turn. */
  headers?: readonly string[];
}

export interface Task {
  /** As metrics name it. */
  protocol: string;
  /** Bytes a body may have, where that is less than the server's limit. 0: none is read. */
  maxBytes?: number;
  run: (call: Call) => Answer | Promise<Answer>;
  /** How errors look. Default: problem+json. */
  errors?: ErrorShape | undefined;
}

/** Answers whatever is more than one row: reads the body, runs the task, counts and times. */
export function createTaskHandler(service: Service, task: Task): RawHandler {
  const seriesOf = seriesFor(service, task.protocol);
  return (request, response, id) => {
    service.metrics.inFlight(1);
    const call = new Running(request, response, id, service);
    const end = (status: number): void => {
      call.held?.letGo();
      service.metrics.inFlight(-1);
      seriesOf(call.held).count(status, (performance.now() - call.started) / 1000);
    };
    const fail = (error: unknown): void => end(sendProblem(error, call, service, task.errors));
    const finish = ({ status = 200, type = "application/json; charset=utf-8", body, headers }: Answer): void => {
      const digest = (call.held ?? service.host?.current)?.artifact.digest;
      end(answer(call, { status, digest, type, body }, headers));
    };
    const taker: BodyTaker = {
      fail,
      takeBody(body) {
        call.body = body;
        try {
          const answered = task.run(call);
          if (answered instanceof Promise) answered.then(finish).catch(fail);
          else finish(answered);
        } catch (error) {
          fail(error);
        }
      },
    };
    if (task.maxBytes === 0) taker.takeBody(nothing);
    else service.bodies.read(request, taker, task.maxBytes);
  };
}

const nothing = Buffer.alloc(0);

/** An answer in JSON, its type as protocols write it: without a charset. */
export function toAnswer(body: object): Answer {
  return { type: "application/json", body: writeJson(body) };
}

class Running implements Call, Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  readonly service: Service;
  readonly started = performance.now();
  body: Buffer = nothing;
  held: ServedModel | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, id: string, service: Service) {
    this.request = request;
    this.response = response;
    this.id = id;
    this.service = service;
  }

  get model(): ServedModel {
    if (this.held === undefined) {
      this.held = requireHost(this.service).current;
      this.held.hold();
    }
    return this.held;
  }

  hasLeft(): boolean {
    return this.response.destroyed;
  }
}
