/** @file Times one image through SSD300, or the reading of its weights, and prints one line of JSON, as bench/peers/detect_torch.py does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSession } from "../src/graph/run.ts";
import { openStateDict } from "../src/model/pytorch/state-dict.ts";
import { buildSsd300 } from "../src/model/ssd/build.ts";

const [kind = "", folder = "", text = "{}"] = process.argv.slice(2);
const spec = JSON.parse(text) as { threads: number; images: number; format: string; times: number };
const facts = kind === "run" ? await timeImages() : await timeReading();
console.log(
  JSON.stringify({ ...facts, memoryMB: (process.resourceUsage().maxRSS * 1024) / 1e6, version: process.versions.node }),
);
process.exit(0);

async function timeImages(): Promise<{ seconds: number[]; cpu: number[]; found: number }> {
  const weights = await openStateDict(join(folder, "zip.pth"));
  const { model } = await buildSsd300(weights);
  await weights.close();
  const session = await createSession(model, { name: "ssd300", threads: spec.threads });
  const data = new Uint8Array(readFileSync(join(folder, "images.u8")));
  const seconds: number[] = [];
  const cpu: number[] = [];
  let found = 0;
  for (let i = 0; i < spec.images + 2; i++) {
    const started = performance.now();
    const worked = process.cpuUsage();
    const { detections } = await session.run({ image: { type: "uint8", shape: [1, 300, 300, 3], data } });
    seconds.push((performance.now() - started) / 1000);
    const { user, system } = process.cpuUsage(worked);
    cpu.push((user + system) / 1e6);
    const rows = detections?.data as Float32Array;
    found = rows.filter((score, at) => at % 6 === 1 && score > 0).length;
  }
  return { seconds: seconds.slice(2), cpu: cpu.slice(2), found };
}

async function timeReading(): Promise<{ seconds: number[]; total: number }> {
  const seconds: number[] = [];
  let total = 0;
  for (let i = 0; i < spec.times; i++) {
    const started = performance.now();
    const weights = await openStateDict(join(folder, `${spec.format}.pth`));
    const tensors = await Promise.all([...weights.entries.values()].map((entry) => entry.read()));
    await weights.close();
    total = 0;
    for (const tensor of tensors) for (let at = 0; at < tensor.length; at += 1024) total += Number(tensor[at]);
    seconds.push((performance.now() - started) / 1000);
  }
  return { seconds, total };
}
