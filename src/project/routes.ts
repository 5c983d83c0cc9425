/** @file What a project's routes take and give: the part of a project file that its callers see. */
import type { IncomingHttpHeaders } from "node:http";

/** A multipart field with an image file: JPEG, PNG or WebP. For models of images. */
export interface ImageField {
  kind: "image";
}

/** A member of a JSON body that is a text. For models of texts. */
export interface TextField {
  kind: "text";
}

/** A JSON body whose members are the model's columns: `{"return":0.01,"ma_3":101.2}`, or a list of such. For models of features. */
export interface ColumnsBody {
  kind: "columns";
}

/** Any JSON body, for a route with a `handle` of its own. */
export interface JsonBody<T = unknown> {
  kind: "json";
  /** Gives the value that `handle` gets. What it throws is a 400 with the error's message. */
  check?: (value: unknown) => T;
}

/** What a classifier says of one row. */
export interface Classification {
  /** The most probable label. */
  label: string;
  /** Its probability, 0..1. */
  probability: number;
  probabilities: Readonly<Record<string, number>>;
}

/** What a detector sees in one image, best first. */
export interface Detections {
  labels: readonly string[];
  /** The same by their numbers in the model, for names of one's own; 0 is the background, which no box is of. */
  classes: readonly number[];
  /** 0..1, falling. */
  scores: readonly number[];
  /** `[left, top, right, bottom]`, as shares of the image's width and height. */
  boxes: readonly (readonly [number, number, number, number])[];
  /** Size of the image as it was sent, in pixels: what turns shares into pixels. */
  image: { width: number; height: number };
}

/** What any other model gives for one row: its outputs by name. */
export interface Outputs {
  outputs: Readonly<Record<string, unknown>>;
}

/**
 * What the model says of one row. Which of the members it has follows from the model's signature: outputs that are probabilities give a
 * `Classification`, boxes give `Detections`, everything else `outputs`. To ask for a member that it has not is an error that says so.
 */
export interface Prediction extends Classification, Detections, Outputs {}

/** What a model can be asked about: the columns' values or all numbers in order, a text, or the bytes of an image file. */
export type ModelRow = Readonly<Record<string, number>> | readonly number[] | string | Uint8Array;

/** The model that serves, as a handler sees it. It may be exchanged between two calls, never within one. */
export interface ModelHandle {
  readonly name: string;
  readonly digest: string;
  /** What the server follows: `champion`; undefined where it was given a digest. */
  readonly alias: string | undefined;
  /** Whence it was read: `store` (the folder that came with the server), `registry`, or `cache` (a copy, since the registry was away). */
  readonly source: "store" | "registry" | "cache";
  /** It was trained on generated rows (`--sample`): what it says is about nothing real. */
  readonly sample: boolean;
  /** Figures of its training. */
  readonly metrics: Readonly<Record<string, number>>;
  predict(row: ModelRow): Promise<Prediction>;
  /** In one batch with what others ask. */
  predict(rows: readonly ModelRow[]): Promise<Prediction[]>;
}

/** One request, as a handler gets it. */
export interface RouteRequest<Input = unknown> {
  /** The body as the route's `input` reads it; undefined without one. */
  input: Input;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Address of the caller, or what the last proxy says it is (x-forwarded-for). */
  client: string;
  /** Asking for it is an error where the server has no model. */
  readonly model: ModelHandle;
}

interface RouteWords {
  /** One line for /docs and OpenAPI. */
  summary?: string;
  /** An answer, to show in /docs and OpenAPI. */
  example?: unknown;
}

/** A route that asks the model. */
export interface ModelRoute extends RouteWords {
  input: Readonly<Record<string, ImageField | TextField>> | ColumnsBody;
  /** What the caller gets as JSON. Without it: the prediction as it is. */
  output?: (prediction: Prediction) => unknown;
  handle?: never;
}

/** A route with code of its own, which may ask the model or not. */
export interface HandledRoute extends RouteWords {
  input?: JsonBody<never>;
  /** What the query may have, each with a line for people. */
  query?: Readonly<Record<string, string>>;
  /** Gives what the caller gets as JSON, or what `reply` makes. `refuse(…)`, thrown, is a 4xx. */
  handle: (request: RouteRequest<never>) => unknown;
  output?: never;
}

export type Route = ModelRoute | HandledRoute;

/** Rows of numbers, texts or anything that JSON has: what protocols for tables carry. */
export interface Rows {
  names: readonly string[];
  rows: readonly (readonly unknown[])[];
}

/** Answers table protocols in a project without a model. Gives rows, or rows with the names of their columns. */
export type PredictRows = (
  request: Rows,
) => readonly (readonly unknown[])[] | Rows | Promise<readonly (readonly unknown[])[] | Rows>;

/** Name and password from the environment, or from files of a mounted Secret. */
export interface BasicAuth {
  kind: "basic";
  /** Names of environment variables. Default `SECRET_USERNAME`, `SECRET_PASSWORD`. */
  env?: { username: string; password: string };
  /** A folder with the files `username` and `password`, as a mounted `kubernetes.io/basic-auth` Secret has. Goes before `env`; read anew every ten seconds. */
  folder?: string;
  /** Where neither says anything. Without it the server does not start then. */
  fallback?: { username: string; password: string };
}
