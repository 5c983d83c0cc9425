/** @file `node test/cluster/main.ts up | down | status [--json]`: the cluster of the tests, by hand. */
import { existsSync } from "node:fs";
import { down } from "./down.ts";
import { listParts, partStatus } from "./parts.ts";
import { clusterFolder, context, hostAddress, nodes, registry, registryInside } from "./settings.ts";
import type { PartStatus } from "./types.ts";
import { adminKubeconfig, up } from "./up.ts";

const usage = "node test/cluster/main.ts up | down | status [--json]";
const write = (text: string) => process.stdout.write(`${text}\n`);

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(words: readonly string[]): Promise<number> {
  const [action, ...options] = words;
  const isJson = options.includes("--json");
  if (options.some((option) => option !== "--json")) throw new Error(usage);
  if (action === "up") {
    const started = Date.now();
    const { changed } = await up((line) => process.stderr.write(`${line}\n`));
    if (isJson) await printStatus(true);
    else write(changed ? `up after ${((Date.now() - started) / 1000).toFixed(1)} s` : "up already");
    return 0;
  }
  if (action === "down") {
    const wasThere = await down();
    if (isJson) write(JSON.stringify({ down: true, changed: wasThere }));
    else write(wasThere ? "down" : "down already");
    return 0;
  }
  if (action === "status") return printStatus(isJson);
  throw new Error(usage);
}

/** 0 where every part is healthy. */
async function printStatus(isJson: boolean): Promise<number> {
  const folder = clusterFolder();
  const parts = await Promise.all(listParts(folder).map((part) => partStatus(folder, part)));
  const isUp = parts.length > 0 && parts.every(({ state }) => state === "healthy");
  if (isJson) {
    const facts = {
      folder,
      kubeconfig: adminKubeconfig(folder),
      context,
      registry,
      registryInside,
      ingress: hostAddress,
    };
    write(JSON.stringify({ up: isUp, ...facts, nodes, parts }, undefined, 2));
    return isUp ? 0 : 1;
  }
  if (!existsSync(folder)) write("down");
  for (const part of parts) write(printPart(part));
  if (parts.length > 0) write(`${adminKubeconfig(folder)} (context ${context})`);
  return isUp ? 0 : 1;
}

function printPart({ part, pid, state, megabytes }: PartStatus): string {
  return [part.padEnd(20), state.padEnd(8), String(pid ?? "-").padStart(8), `${megabytes} MB`.padStart(8)].join(" ");
}
