/** @file MLflow's REST interface (2.0), as far as models need it. What it means is in runs.ts and versions.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { mlflowAway, mlflowNotProxied, mlflowRefused } from "../errors.ts";

export interface MlflowClient {
  /** `http://127.0.0.1:5000`, without credentials. */
  readonly url: string;
  get(path: string, query: Readonly<Record<string, string>>): Promise<Json>;
  post(path: string, body: object, method?: "POST" | "PATCH"): Promise<Json>;
  /** Below an artifact URI such as `mlflow-artifacts:/1/…/artifacts`. */
  upload(uri: string, file: string, bytes: Uint8Array): Promise<void>;
  /** Undefined where there is no such file. */
  download(uri: string, file: string): Promise<Uint8Array | undefined>;
}

export type Json = Readonly<Record<string, unknown>>;

/** Of MLflow's own client. */
export type MlflowEnvironment = Readonly<Record<string, string | undefined>>;

const tries = 4;
const patienceMs = 60_000;
const mostRetryMs = 8000;

/** `address` is `http://host:port`, with or without a path and credentials. Those of the environment are used otherwise. */
export function openMlflow(address: string, env: MlflowEnvironment = process.env): MlflowClient {
  const { username, password, ...at } = splitCredentials(address);
  const authorization = authorize(
    username || env["MLFLOW_TRACKING_USERNAME"],
    password || env["MLFLOW_TRACKING_PASSWORD"],
    env["MLFLOW_TRACKING_TOKEN"],
  );
  const headers = { ...(authorization !== undefined && { authorization }) };
  const { url } = at;

  async function ask(request: string, path: string, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const response = await send(path, init);
      const busy = response instanceof Response && (response.status === 429 || response.status >= 502);
      if (response instanceof Response && response.ok) return response;
      // A request that was perhaps carried out is asked again only where that changes nothing.
      const again = busy || (!(response instanceof Response) && init.method !== "POST");
      if (!again || attempt === tries) {
        if (response instanceof Response) throw await toRefusal(response, url, request);
        throw mlflowAway({ url, reason: response.reason }, { cause: response.error });
      }
      if (response instanceof Response) await response.body?.cancel();
      await sleep(Math.min(mostRetryMs, 250 * 2 ** attempt * (0.5 + Math.random())));
    }
  }

  async function send(path: string, init: RequestInit): Promise<Response | { reason: string; error: unknown }> {
    try {
      const signal = AbortSignal.timeout(patienceMs);
      return await fetch(url + path, {
        ...init,
        signal,
        headers: new Headers([...Object.entries(headers), ...new Headers(init.headers)]),
      });
    } catch (error) {
      return { reason: describeFailure(error), error };
    }
  }

  const readJson = async (response: Response): Promise<Json> => {
    const text = await response.text();
    try {
      return JSON.parse(text) as Json;
    } catch (cause) {
      throw mlflowAway({ url, reason: `it answers ${JSON.stringify(text.slice(0, 60))}, wanted JSON` }, { cause });
    }
  };
  const artifactPath = (uri: string, file: string): string => {
    const place = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.+)$/.exec(uri)?.[1];
    if (place === undefined) throw mlflowNotProxied({ url, where: uri });
    const whole = `${place.replace(/\/+$/, "")}/${file}`;
    return `/api/2.0/mlflow-artifacts/artifacts/${whole.split("/").map(encodeURIComponent).join("/")}`;
  };

  return {
    url,
    async get(path, query) {
      return readJson(await ask(path, `/api/2.0/mlflow/${path}?${new URLSearchParams(query).toString()}`, {}));
    },
    async post(path, body, method = "POST") {
      const init = { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      return readJson(await ask(path, `/api/2.0/mlflow/${path}`, init));
    },
    async upload(uri, file, bytes) {
      const init = {
        method: "PUT",
        body: new Uint8Array(bytes),
        headers: { "content-type": "application/octet-stream" },
      };
      await (await ask(`to keep ${file}`, artifactPath(uri, file), init)).body?.cancel();
    },
    async download(uri, file) {
      try {
        const response = await ask(`to give ${file}`, artifactPath(uri, file), {});
        return new Uint8Array(await response.arrayBuffer());
      } catch (error) {
        // A store of its own for artifacts answers 500 for what is not there.
        if (codeOf(error) === "RESOURCE_DOES_NOT_EXIST" || statusOf(error) === 404) return undefined;
        throw error;
      }
    },
  };
}

/** What MLflow calls the fault; undefined where it was no refusal of its. */
export function codeOf(error: unknown): string | undefined {
  return detailOf(error, "code") as string | undefined;
}

function statusOf(error: unknown): number | undefined {
  return detailOf(error, "status") as number | undefined;
}

function detailOf(error: unknown, field: "code" | "status"): unknown {
  const known = error as { code?: string; details?: Record<string, unknown> } | null;
  return known?.code === mlflowRefused.code ? known.details?.[field] : undefined;
}

async function toRefusal(response: Response, url: string, request: string): Promise<Error> {
  const text = await response.text();
  let code = "";
  let reason = text.slice(0, 300);
  try {
    const body = JSON.parse(text) as { error_code?: string; message?: string };
    code = body.error_code ?? "";
    reason = (body.message ?? reason).slice(0, 600);
  } catch {
    // Proxies before it answer in HTML: the text is shown as it is.
  }
  return mlflowRefused({ url, request, status: response.status, code, reason });
}

function splitCredentials(address: string): { url: string; username: string; password: string } {
  let parsed: URL;
  try {
    parsed = new URL(address);
  } catch (cause) {
    throw mlflowAway({ url: address, reason: "it is no URL, wanted http://host:port" }, { cause });
  }
  const { protocol, host, pathname, username, password } = parsed;
  if (protocol !== "http:" && protocol !== "https:")
    throw mlflowAway({ url: address, reason: `its scheme is ${protocol}, wanted http: or https:` });
  return {
    url: `${protocol}//${host}${pathname.replace(/\/+$/, "")}`,
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

function authorize(username = "", password = "", token = ""): string | undefined {
  if (username !== "") return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return token === "" ? undefined : `Bearer ${token}`;
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
