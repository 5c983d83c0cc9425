/**
 * @file A process that writes to a store in a registry until it is killed, and says what was acknowledged: `put <digest>`, `aliasing w1 <digest>`,
 * `aliased w1 <digest>`, `removed <digest>`. Arguments: the store's prefix, and its own id.
 */
import { writeSync } from "node:fs";
import { sampleContent } from "../../../src/artifact/fixtures/sample.ts";
import { openRegistryStore } from "../../../src/artifact/store/registry.ts";

const [, , prefix = "", id = ""] = process.argv;
const store = openRegistryStore(prefix, { environment: {} });
const say = (...words: string[]) => writeSync(1, `${words.join(" ")}\n`);

for (let i = 0; ; i++) {
  const content = sampleContent({ model: `${id}-${i} `.repeat(20_000), lineage: { seed: i } });
  const { digest } = await store.put(content);
  say("put", digest);
  say("aliasing", id, digest);
  await store.setAlias("digits", id, digest);
  say("aliased", id, digest);
  if (i % 3 !== 2) continue;
  const dropped = await store.put(sampleContent({ model: `${id}-${i} dropped` }));
  await store.remove(dropped.digest);
  say("removed", dropped.digest);
  await store.collect();
}
