/** @file What the page knows, and all that can happen to it. Components read the signals and call the actions. */
import { computed, effect, signal, type Signal } from "@preact/signals";
import type {
  AuditAnswer,
  AuditOrder,
  ConfusionAnswer,
  DataAnswer,
  ModelAnswer,
  ModelsAnswer,
  ProjectAnswer,
} from "../../src/console/api.ts";
import { ask, type Fault, type Outcome } from "./client.ts";
import { readPlace, type Place } from "./place.ts";

/** Something that the server is asked for: what it said last stays while it is asked again. */
export interface Asked<T> {
  value?: T;
  fault?: Fault;
  asking: boolean;
}

export const project = signal<Asked<ProjectAnswer>>({ asking: false });
export const data = signal<Asked<DataAnswer>>({ asking: false });
export const audit = signal<Asked<AuditAnswer>>({ asking: false });
export const models = signal<Asked<ModelsAnswer>>({ asking: false });
export const model = signal<Asked<ModelAnswer>>({ asking: false });
export const confusion = signal<Asked<ConfusionAnswer>>({ asking: false });
export const place = signal<Place>(readPlace(location.hash));

export const running = computed(() => {
  const job = audit.value.value?.job;
  return job?.state === "running" ? job : undefined;
});

/** The last audit is of the data as they are. */
export const auditIsCurrent = computed(() => {
  const last = audit.value.value?.last;
  const now = data.value.value;
  return last === undefined || now === undefined || last.digest === now.digest;
});

/** A page of the project's models at a time. */
const pageSize = 50;

export function openPage(): void {
  addEventListener("hashchange", () => {
    place.value = readPlace(location.hash);
    showPlace();
    scrollTo(0, 0);
  });
  // Commands in a terminal change what is shown; who comes back wants to see it. The data are read only when asked for: they may be large.
  addEventListener("focus", () => {
    void askAudit();
    if (place.value.page !== "data") showPlace();
  });
  effect(() => {
    const name = project.value.value?.name;
    if (name !== undefined) document.title = `${name} · Slipway console`;
  });
  void fetchInto(project, "api/project");
  showPlace();
  void askAudit();
}

export async function askData(): Promise<void> {
  await fetchInto(data, "api/data");
}

export async function askMoreModels(): Promise<void> {
  const known = models.value.value;
  if (known === undefined) return;
  const more = await ask<ModelsAnswer>(`api/models?from=${known.models.length}&count=${pageSize}`);
  if (more.kind !== "answer") {
    models.value = { value: known, fault: more, asking: false };
    return;
  }
  models.value = { value: { ...more.value, models: [...known.models, ...more.value.models] }, asking: false };
}

export async function askConfusion(digest: string): Promise<void> {
  await fetchInto(confusion, `api/models/${digest}/confusion`);
}

export async function startAudit(order: AuditOrder): Promise<void> {
  takeAudit(await ask<AuditAnswer>("api/audit", { post: order }));
}

export async function stopAudit(): Promise<void> {
  takeAudit(await ask<AuditAnswer>("api/audit/stop", { post: {} }));
}

/** Milliseconds between looks at an audit that runs. */
const lookEvery = 400;
let timer: ReturnType<typeof setTimeout> | undefined;

async function askAudit(): Promise<void> {
  takeAudit(await ask<AuditAnswer>("api/audit"));
}

function takeAudit(outcome: Outcome<AuditAnswer>): void {
  const before = audit.value.value;
  audit.value =
    outcome.kind === "answer"
      ? { value: outcome.value, asking: false }
      : { ...audit.value, fault: outcome, asking: false };
  clearTimeout(timer);
  if (running.value !== undefined) timer = setTimeout(() => void askAudit(), lookEvery);
  // The audit has read the data anew.
  else if (before?.job.state === "running" && outcome.kind === "answer") void askData();
}

function showPlace(): void {
  const now = place.value;
  if (now.page === "data" && data.value.value === undefined && !data.value.asking) void askData();
  if (now.page === "models") void fetchInto(models, `api/models?count=${pageSize}`);
  if (now.page !== "model" || model.value.value?.digest === now.digest) return;
  model.value = { asking: true };
  confusion.value = { asking: false };
  void fetchInto(model, `api/models/${now.digest}`);
}

async function fetchInto<T>(into: Signal<Asked<T>>, path: string): Promise<void> {
  into.value = { ...into.value, asking: true };
  const outcome = await ask<T>(path);
  into.value =
    outcome.kind === "answer"
      ? { value: outcome.value, asking: false }
      : { ...into.value, fault: outcome, asking: false };
}
