import { readFile } from "node:fs/promises";
import { show } from "../arguments.ts";
import { commandMetricsBroken } from "../errors.ts";

/** The numbers of `metrics.json`, or undefined where the command wrote none. Refuses anything but one flat object of finite numbers. */
export async function readMetrics(path: string, output: string): Promise<Record<string, number> | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw commandMetricsBroken({ path, reason: (error as Error).message, output }, { cause: error });
  }
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw commandMetricsBroken(
      { path, reason: `it is no JSON (${(error as Error).message})`, output },
      { cause: error },
    );
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) {
    throw commandMetricsBroken({ path, reason: `it is ${show(read)}, wanted an object`, output });
  }
  const wrong = Object.entries(read).filter(([, value]) => typeof value !== "number" || !Number.isFinite(value));
  if (wrong.length > 0) {
    const listed = wrong.map(([name, value]) => `${name} is ${show(value)}`).join(", ");
    throw commandMetricsBroken({ path, reason: `${listed}, wanted a number`, output });
  }
  return read as Record<string, number>;
}
