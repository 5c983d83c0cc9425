import { isDigest, type Digest } from "../../base/digest.ts";
import { jobSettingInvalid } from "../errors.ts";

/** Where something lies that the job reads or writes: in a registry, or in a folder (a volume's). */
export type JobPlace = { reference: string } | { path: string };

/** What the environment says to the training program. Names are in docs/guides/cluster.md. */
export interface JobSettings {
  /** Path of the project's bundle. */
  app: string;
  /** Digest of the project's code, for the lineage. */
  code: Digest;
  /** The project's files, for commands that read them. Default: the folder of the bundle. */
  root: string;
  /** Undefined: the data source reads for itself. */
  dataset: JobPlace | undefined;
  /** What the dataset must be; undefined where each run takes what it finds. */
  datasetDigest: Digest | undefined;
  /** Of the run, as whoever started it computed it; undefined: computed from what is found. */
  inputs: Digest | undefined;
  store: JobPlace;
  /** The registries are spoken to in plain HTTP. */
  insecure: boolean;
  /** Writable: checkpoints and fetched data lie here. On a volume they are found again by the next try. */
  work: string;
  /**
   * Where the training itself is a command in an image of the user's own: `prepare` puts data and code where it finds them, `finish`
   * takes what it wrote. Undefined: all of it is done here.
   */
  phase: "prepare" | "finish" | undefined;
  /** Which of the project's experiments is trained here; undefined: all of them. */
  experiment: number | undefined;
  /** Names the Job that it is one of: no other has the same. */
  run: string | undefined;
  /** Of all pods of the run, where they have a volume: `work` is one's own. */
  shared: string;
  /** Judge the run and move the champion as well: nobody else will. */
  promote: boolean;
  force: boolean;
  /** Ask the loader of rows for generated ones. */
  sample: boolean;
}

/** Reads the settings. Throws `jobSettingInvalid` at the first that cannot be used. */
export function readJobSettings(env: Readonly<Record<string, string | undefined>>): JobSettings {
  const text = (name: string): string | undefined => env[name] || undefined;
  const required = (name: string, wanted: string): string => {
    const found = text(name);
    if (found === undefined) throw jobSettingInvalid({ name, seen: "missing", wanted });
    return found;
  };
  const digest = (name: string): Digest | undefined => {
    const found = text(name);
    if (found === undefined || isDigest(found)) return found;
    throw jobSettingInvalid({ name, seen: found, wanted: "sha256: and 64 hex digits" });
  };
  const place = (found: string): JobPlace => (found.startsWith("/") ? { path: found } : { reference: found });
  const code = digest("SLIPWAY_CODE");
  if (code === undefined) throw jobSettingInvalid({ name: "SLIPWAY_CODE", seen: "missing", wanted: "a digest" });
  const dataset = text("SLIPWAY_DATASET");
  const shared = text("SLIPWAY_WORK") ?? text("SLIPWAY_WORKSPACE") ?? "/tmp/slipway";
  const experiment = readIndex(text("JOB_COMPLETION_INDEX"));
  const app = required("SLIPWAY_APP", "the path of the project's bundle");
  return {
    app,
    code,
    root: text("SLIPWAY_ROOT") ?? app.slice(0, Math.max(1, app.lastIndexOf("/"))),
    dataset: dataset === undefined ? undefined : place(dataset),
    datasetDigest: digest("SLIPWAY_DATASET_DIGEST"),
    inputs: digest("SLIPWAY_INPUTS"),
    store: place(required("SLIPWAY_STORE", "a registry and prefix such as registry.example.com/models, or a folder")),
    insecure: env["SLIPWAY_REGISTRY_INSECURE"] === "1",
    work: experiment === undefined ? shared : `${shared}/experiment-${experiment}`,
    phase: readPhase(text("SLIPWAY_JOB_PHASE")),
    experiment,
    run: text("SLIPWAY_RUN"),
    shared,
    promote: env["SLIPWAY_PROMOTE"] === "1",
    force: env["SLIPWAY_FORCE"] === "1",
    sample: env["SLIPWAY_SAMPLE"] === "1",
  };
}

function readPhase(found: string | undefined): JobSettings["phase"] {
  if (found === undefined || found === "prepare" || found === "finish") return found;
  throw jobSettingInvalid({ name: "SLIPWAY_JOB_PHASE", seen: found, wanted: "prepare or finish" });
}

/** Kubernetes sets it in every pod of an Indexed Job. */
function readIndex(found: string | undefined): number | undefined {
  if (found === undefined || /^\d{1,9}$/.test(found)) return found === undefined ? undefined : Number(found);
  throw jobSettingInvalid({ name: "JOB_COMPLETION_INDEX", seen: found, wanted: "a whole number" });
}
