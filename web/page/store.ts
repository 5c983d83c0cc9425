/** @file What the page knows, and all that can happen to it. Components read the signals and call the actions. */
import { computed, effect, signal } from "@preact/signals";
import { frameAsDrawn, frameCentred, toPixels } from "../ink/frame.ts";
import type { Point, Size, Stroke } from "../ink/types.ts";
import { createClient, type Answer, type Failure, type Outcome } from "../live/client.ts";
import { createLatest } from "../live/latest.ts";
import { keepLink, type LinkState } from "../live/link.ts";
import {
  formInputOf,
  imageInputOf,
  imageRouteOf,
  labelsOf,
  type Card,
  type FormInput,
  type ImageInput,
} from "../model/card.ts";
import { prepare, toPng } from "./image.ts";

export interface Reading {
  answer: Answer;
  roundTripMs: number;
  serverMs: number | undefined;
}

export interface Picture {
  name: string;
  file: Blob;
  url: string;
  /** The file's own size, where the page fitted it to the model's. */
  fittedFrom?: Size;
}

export const card = signal<Card | undefined>(undefined);
export const link = signal<LinkState>("connecting");
export const strokes = signal<readonly Stroke[]>([]);
/** A dropped, chosen or pasted image; while there is one, it is what the model gets instead of the ink. */
export const picture = signal<Picture | undefined>(undefined);
export const reading = signal<Reading | undefined>(undefined);
export const failure = signal<Failure | undefined>(undefined);
/** How ink becomes an image; undefined is the model's usual way, which `framing` resolves. */
const chosenFraming = signal<Partial<Framing>>({});

export interface Framing {
  centred: boolean;
  ink: "light" | "dark";
}

export const input = computed<ImageInput | undefined>(() => card.value && imageInputOf(card.value.signature));
export const form = computed<FormInput | undefined>(() => card.value && formInputOf(card.value.signature));
/** What is written into the form: the text under "text", numbers under the columns' names. */
export const written = signal<Readonly<Record<string, string>>>({});
export const labels = computed(() => (card.value ? labelsOf(card.value.signature) : []));
/** Boxes that are less sure are not shown: a detector hands out its guesses too, and a gate or a route has its own idea of what is sure. */
export const leastScore = signal(0.5);

export interface FoundBox {
  label: string;
  score: number;
  corners: readonly [left: number, top: number, right: number, bottom: number];
}

/** What a detector saw, best first, and how many boxes more are less sure; undefined where the answer has no boxes. */
export const found = computed<{ boxes: FoundBox[]; less: number } | undefined>(() => {
  const { labels: names = [], scores = [], boxes } = reading.value?.answer ?? {};
  if (boxes === undefined) return undefined;
  const all = boxes.map((corners, index) => ({ label: names[index] ?? "", score: scores[index] ?? 0, corners }));
  const sure = all.filter(({ score }) => score >= leastScore.value);
  return { boxes: sure, less: all.length - sure.length };
});

/** The model gives boxes. */
export const detects = computed(
  () => card.value?.signature.outputs.some(({ content }) => content?.kind === "boxes") ?? false,
);
export const route = computed(() => (card.value ? imageRouteOf(card.value.routes) : undefined));
/** Grey models are taken for readers of handwriting, as MNIST has it: light ink, centred. Colour models see the paper. */
export const framing = computed<Framing>(() => {
  const grey = input.value?.channels !== 3;
  return { centred: grey, ink: grey ? "light" : "dark", ...chosenFraming.value };
});
export const isEmpty = computed(() => strokes.value.length === 0 && picture.value === undefined);

/** RGBA of what the model gets, at its own size; undefined while there is nothing, or the file is no image that a browser can show. */
export const seen = signal<Uint8ClampedArray<ArrayBuffer> | undefined>(undefined);

const client = createClient(document.baseURI);

const predictions = createLatest<() => Promise<Blob | object>, Outcome>({
  work: async (image, aborted) => client.predict(await image(), aborted),
  onResult: take,
  onError(error) {
    reading.value = undefined;
    failure.value = {
      kind: "problem",
      status: 0,
      title: "The page failed",
      detail: String(error),
      mend: "Reload the page and try again.",
    };
  },
  restMs: 90,
  longestMs: 250,
});

let retry: ReturnType<typeof setTimeout> | undefined;

function take(outcome: Outcome): void {
  clearTimeout(retry);
  if (outcome.kind === "answer") {
    reading.value = outcome;
    failure.value = undefined;
    if (link.value !== "here") link.value = "here";
    // Another model answered than the card tells of: it was swapped.
    if (outcome.modelDigest !== undefined && outcome.modelDigest !== card.value?.digest) watcher.refresh();
    return;
  }
  failure.value = outcome;
  if (outcome.kind === "away") {
    link.value = "away";
    watcher.refresh();
    return;
  }
  reading.value = undefined;
  if (outcome.retryAfterMs !== undefined)
    retry = setTimeout(() => predict("now"), Math.min(30_000, outcome.retryAfterMs));
}

const watcher = keepLink({
  client,
  onCard(fresh) {
    const before = card.value;
    if (failure.value?.kind === "problem" && failure.value.status === 0) failure.value = undefined;
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(fresh)) return;
    card.value = fresh;
    if (before?.digest !== fresh.digest) predict("now");
  },
  onState(state) {
    const wasAway = link.value === "away";
    link.value = state;
    if (state === "away") failure.value = { kind: "away" };
    if (state === "here" && wasAway) {
      if (failure.value?.kind === "away") failure.value = undefined;
      predict("now");
    }
  },
  onProblem(problem) {
    if (card.value === undefined) failure.value = problem;
  },
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") watcher.refresh();
});

/** What the model gets, drawn anew whenever ink, framing or the model's size change. */
effect(() => {
  const size = input.value;
  if (size === undefined || picture.value !== undefined) return;
  const { centred, ink } = framing.value;
  seen.value =
    strokes.value.length === 0
      ? undefined
      : toPixels((centred ? frameCentred : frameAsDrawn)(strokes.value, size), ink);
});

/** What the form says, as it is sent; undefined while it is not filled in. */
export const filled = computed<object | undefined>(() => {
  const wanted = form.value;
  if (wanted === undefined) return undefined;
  // An empty text is a question as well, once something was written.
  if (wanted.kind === "text") return written.value["text"] === undefined ? undefined : { text: written.value["text"] };
  const entries = wanted.names.map((name) => [name, Number(written.value[name]?.trim() || Number.NaN)] as const);
  return entries.every(([, value]) => Number.isFinite(value)) ? Object.fromEntries(entries) : undefined;
});

export function write(name: string, value: string): void {
  written.value = { ...written.value, [name]: value };
  if (filled.value === undefined) forgetReading();
  predict("soon");
}

function predict(when: "soon" | "now"): void {
  const values = filled.value;
  if (values !== undefined) {
    const ask = () => Promise.resolve(values);
    if (when === "now") predictions.requestNow(ask);
    else predictions.request(ask);
    return;
  }
  const size = input.value;
  const shown = picture.value;
  const pixels = seen.value;
  if (size === undefined || (shown === undefined && pixels === undefined)) return;
  const image = async () => (shown === undefined ? toPng(pixels!, size) : develop(shown, size));
  if (when === "now") predictions.requestNow(image);
  else predictions.request(image);
}

/** The picture as it is sent, shown in the preview as well. */
async function develop(shown: Picture, size: ImageInput): Promise<Blob> {
  const { blob, pixels, fittedFrom } = await prepare(shown.file, size);
  if (picture.value?.url === shown.url) {
    seen.value = pixels;
    if (fittedFrom !== undefined) picture.value = { ...shown, fittedFrom };
  }
  return blob;
}

function forgetReading(): void {
  predictions.cancel();
  clearTimeout(retry);
  reading.value = undefined;
  if (failure.value?.kind === "problem") failure.value = undefined;
}

function dropPicture(): void {
  if (picture.value !== undefined) URL.revokeObjectURL(picture.value.url);
  picture.value = undefined;
}

/** Begins a stroke; ink on top of a picture begins a new drawing. */
export function beginStroke(at: Point): void {
  if (picture.value !== undefined) {
    dropPicture();
    strokes.value = [];
    forgetReading();
  }
  strokes.value = [...strokes.value, [at]];
  predict("soon");
}

export function extendStroke(points: readonly Point[]): void {
  const last = strokes.value.at(-1);
  if (last === undefined || points.length === 0) return;
  strokes.value = [...strokes.value.slice(0, -1), [...last, ...points]];
  predict("soon");
}

/** Takes back the last stroke, or the picture (the ink under it comes back). */
export function undo(): void {
  if (isEmpty.value) return;
  if (picture.value !== undefined) dropPicture();
  else strokes.value = strokes.value.slice(0, -1);
  forgetReading();
  predict("soon");
}

export function clear(): void {
  dropPicture();
  strokes.value = [];
  forgetReading();
}

export function showPicture(file: File): void {
  dropPicture();
  forgetReading();
  picture.value = { name: file.name, file, url: URL.createObjectURL(file) };
  seen.value = undefined;
  predict("now");
}

export function setFraming(change: Partial<Framing>): void {
  chosenFraming.value = { ...chosenFraming.value, ...change };
  if (picture.value === undefined) predict("soon");
}
