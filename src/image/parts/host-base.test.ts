import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { baseUnfit } from "../errors.ts";
import { writeElf, type ElfFacts } from "../fixtures/elf.ts";
import { readWhole } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { storedLayer } from "../layer.ts";
import { readTar } from "../tar/read.ts";
import type { Platform } from "../types.ts";
import { composeHostBase } from "./host-base.ts";

const amd64: Platform = { os: "linux", architecture: "amd64" };

const loader = "lib64/ld-linux-x86-64.so.2";
const machine: Readonly<Record<string, ElfFacts | string>> = {
  node: { interpreter: `/${loader}`, needed: ["libc.so.6"] },
  [loader]: {},
  "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": {},
  "lib/x86_64-linux-gnu/libc.so.6": { needed: ["ld-linux-x86-64.so.2"] },
  "etc/pki/tls/certs/ca-bundle.crt": "certificates",
  "etc/os-release": "ID=fedora\n",
  "etc/hostname": "secret",
};

async function makeMachine(files = machine): Promise<string> {
  const root = await scratchFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), typeof content === "string" ? content : writeElf(content));
  }
  return root;
}

const compose = async (root: string) => storedLayer("base", await composeHostBase([join(root, "node")], amd64, root));

test("libraries, the loader where programs name it, an account without a password, and nothing else of the machine", async () => {
  const root = await makeMachine();
  const files = [...readTar(gunzipSync(await readWhole((await compose(root)).content)), "base")];
  expect(files.filter(({ kind }) => kind !== "folder").map(({ path, mode }) => `${mode.toString(8)} ${path}`)).toEqual([
    "644 etc/group",
    "644 etc/nsswitch.conf",
    "644 etc/os-release",
    "644 etc/passwd",
    "644 etc/ssl/certs/ca-certificates.crt",
    "755 lib/x86_64-linux-gnu/libc.so.6",
    "755 lib64/ld-linux-x86-64.so.2",
  ]);
  expect(files.find(({ path }) => path === "tmp")?.mode).toBe(0o1777);
  const text = (path: string) => Buffer.from(files.find((file) => file.path === path)?.bytes ?? []).toString();
  expect(text("etc/passwd")).toContain("slipway:x:65532:65532:");
  expect(text("etc/ssl/certs/ca-certificates.crt")).toBe("certificates");
});

test("machines with the same libraries compose the same base", async () => {
  const [one, two] = [await makeMachine(), await makeMachine()];
  await chmod(join(two, "lib/x86_64-linux-gnu/libc.so.6"), 0o700);
  expect((await compose(two)).diffId).toBe((await compose(one)).diffId);
});

test("programs without a loader are no ground for a base", async () => {
  const root = await makeMachine({ node: {} });
  await expect(compose(root)).rejects.toThrow(
    baseUnfit({ base: "host", why: "no program among those that it is for names a loader" }),
  );
});
