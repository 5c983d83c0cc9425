import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { libraryMissing } from "../errors.ts";
import { writeElf, type ElfFacts } from "../fixtures/elf.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import type { Platform } from "../types.ts";
import { resolveLibraries } from "./resolve.ts";

const amd64: Platform = { os: "linux", architecture: "amd64" };
const arm64: Platform = { os: "linux", architecture: "arm64" };

async function makeRoot(files: Readonly<Record<string, ElfFacts>>): Promise<string> {
  const root = await scratchFolder();
  for (const [path, facts] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), writeElf(facts));
  }
  return root;
}

const debian = "lib/x86_64-linux-gnu";

test("libraries are followed to the end, each once, circles too", async () => {
  const root = await makeRoot({
    "app/node": { interpreter: "/lib64/ld-linux.so.2", needed: ["libstdc++.so.6", "libc.so.6"] },
    [`${debian}/libstdc++.so.6`]: { needed: ["libm.so.6", "libc.so.6"] },
    [`${debian}/libm.so.6`]: { needed: ["libc.so.6"] },
    [`${debian}/libc.so.6`]: { needed: ["libm.so.6"] },
    [`${debian}/unrelated.so`]: {},
    [`${debian}/libnss_dns.so.2`]: { needed: ["libresolv.so.2"] },
    [`${debian}/libresolv.so.2`]: {},
  });
  const { libraries, loader } = resolveLibraries([join(root, "app/node")], amd64, root);
  expect(loader).toBe("lib64/ld-linux.so.2");
  expect(libraries.map(({ name, folder }) => [name, folder])).toEqual(
    // The last two are opened by name when glibc looks a host up.
    ["libc.so.6", "libm.so.6", "libnss_dns.so.2", "libresolv.so.2", "libstdc++.so.6"].map((name) => [name, debian]),
  );
});

test("what lies beside a program is left to it, but what that needs is found", async () => {
  const root = await makeRoot({
    "app/binding.node": { needed: ["libown.so"], runpath: "$ORIGIN" },
    "app/libown.so": { needed: ["libgcc_s.so.1"] },
    "lib64/libgcc_s.so.1": {},
  });
  const { libraries } = resolveLibraries([join(root, "app/binding.node")], amd64, root);
  expect(libraries.map(({ name, folder }) => [name, folder])).toEqual([["libgcc_s.so.1", "lib64"]]);
});

test("a library of another architecture is passed over, as the loader does; Debian's cross libraries serve the other one", async () => {
  const root = await makeRoot({
    "app/node": { machine: "aarch64", needed: ["libc.so.6"] },
    "lib/libc.so.6": {},
    "usr/aarch64-linux-gnu/lib/libc.so.6": { machine: "aarch64" },
  });
  const { libraries } = resolveLibraries([join(root, "app/node")], arm64, root);
  expect(libraries).toEqual([
    { name: "libc.so.6", file: join(root, "usr/aarch64-linux-gnu/lib/libc.so.6"), folder: "lib/aarch64-linux-gnu" },
  ]);
});

test("a library that is not there is named, with who needs it and where it was looked for", async () => {
  const root = await makeRoot({ "app/node": { machine: "aarch64", needed: ["libc.so.6"] }, "lib64/libc.so.6": {} });
  const program = join(root, "app/node");
  const folders = ["lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib64", "usr/lib64", "lib", "usr/lib"];
  expect(() => resolveLibraries([program], arm64, root)).toThrow(
    libraryMissing({
      library: "libc.so.6",
      neededBy: program,
      architecture: "arm64",
      folders: [...folders, "usr/aarch64-linux-gnu/lib"].map((folder) => join(root, folder)),
    }),
  );
});
