/** @file Where a project runs, seen from outside: the same questions for the local target and for a cluster. */

export interface TargetStatus {
  /** `local`, or the kubeconfig context. */
  target: string;
  namespace?: string;
  /**
   * `running`: all that is wanted serves. `updating`: a new release is on its way. `failing`: something that should serve does
   * not. `stopped`: nothing of the project is there.
   */
  state: "running" | "updating" | "failing" | "stopped";
  /** Number of the release, where the target counts them. */
  release?: number;
  /** Digest of the model that answers. */
  model?: string;
  image?: string;
  /** Addresses that answer, the best for a caller first. */
  urls: readonly string[];
  replicas: readonly Replica[];
  /** Trainings: those that run now, and what the schedule says. */
  trainings: readonly TrainingStatus[];
  /** What is wrong, and what to do about it. */
  findings: readonly { cause: string; mend: string }[];
}

/** One process or pod that serves. */
export interface Replica {
  name: string;
  ready: boolean;
  /** In a word or two: `running`, `CrashLoopBackOff`. */
  state: string;
  node?: string;
  restarts: number;
  /** Bytes. */
  memory?: number;
  /** RFC 3339. */
  startedAt?: string;
}

export interface TrainingStatus {
  name: string;
  state: "running" | "succeeded" | "failed" | "scheduled";
  /** Of the last one: RFC 3339. */
  startedAt?: string;
  schedule?: string;
}

/** One entry of a target's history, newest last. */
export interface ReleaseRecord {
  number: number;
  /** RFC 3339. */
  at: string;
  /** Account and machine: `ada@laptop`. */
  by: string;
  model?: string;
  image?: string;
}

export interface LogOptions {
  /** Go on with what comes. */
  follow: boolean;
  /** Lines from the end to begin with; undefined: all. */
  tail?: number;
  /** Of the process before the last restart. */
  previous?: boolean;
  signal: AbortSignal;
  /** `source` is the pod's or process's name. */
  onLine: (line: string, source: string) => void;
}

/** Something reachable from this machine until it is closed. */
export interface Reached {
  url: string;
  /** True where it goes through a port of this process: it ends with it. */
  forwarded?: boolean;
  close(): Promise<void>;
}

export interface Target {
  /** `local`, or the kubeconfig context. */
  readonly name: string;
  /** For people: `local`, `slipway (https://10.89.0.1:6443), namespace digits`. */
  readonly description: string;
  status(): Promise<TargetStatus>;
  logs(options: LogOptions): Promise<void>;
  /** The serving endpoint as this machine reaches it; forwards a port where there is no other way. Throws `nothingDeployed`. */
  reach(): Promise<Reached>;
  /** Makes the serving port of the target answer on a port of this machine, until it is closed. */
  forward(port: number): Promise<Reached>;
  history(): Promise<ReleaseRecord[]>;
  /** Takes away all that Slipway made there for the project, and nothing else. Gives what was removed, for people. */
  down(options: { volumes: boolean; signal: AbortSignal; onRemoved: (what: string) => void }): Promise<number>;
  /** Lets connections go; the process could not end otherwise. */
  close(): void;
}
