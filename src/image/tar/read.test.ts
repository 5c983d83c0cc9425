import { execFileSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findSlipwayError } from "../../base/errors.ts";
import { archiveBroken } from "../errors.ts";
import { readWhole, sampleEntries } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { readTar } from "./read.ts";
import { writeTar } from "./write.ts";

test.each(["gnu", "pax", "ustar"])("reads what the system's tar writes in its %s format", async (format) => {
  const folder = await scratchFolder();
  // ustar has room for 100 bytes of name and 155 of folders.
  const deep = `${"folder/".repeat(format === "ustar" ? 10 : 30)}${"n".repeat(format === "ustar" ? 90 : 130)}`;
  await mkdir(join(folder, "in", deep, ".."), { recursive: true });
  await writeFile(join(folder, "in", deep), "far down");
  await writeFile(join(folder, "in", "run"), "#!", { mode: 0o755 });
  await symlink("run", join(folder, "in", "link"));
  execFileSync("tar", [`--format=${format}`, "-cf", join(folder, "a.tar"), "-C", join(folder, "in"), "."]);
  const files = [...readTar(await readFile(join(folder, "a.tar")), "a.tar")];
  const found = (path: string) => files.find((file) => file.path === path);
  expect(Buffer.from(found(deep)?.bytes ?? []).toString()).toBe("far down");
  expect(found("run")).toMatchObject({ kind: "file", mode: 0o755 });
  expect(found("link")).toMatchObject({ kind: "link", target: "run" });
  expect(found("folder")).toMatchObject({ kind: "folder" });
});

/** The code of what `work` throws; anything but an error of the catalogue is shown as it is. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return findSlipwayError(error)?.code ?? String(error);
  }
}

test("a damaged or cut archive is refused by name, and never anything else happens", async () => {
  const whole = await readWhole(writeTar("sample", sampleEntries()));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      fc.nat(whole.length),
      (changes, length) => {
        const broken = Uint8Array.from(whole);
        for (const [at, byte] of changes) broken[at] = byte;
        const code = codeOf(() => [...readTar(broken.subarray(0, length), "x.tar")]);
        expect([undefined, archiveBroken.code]).toContain(code);
      },
    ),
    { numRuns: 400 },
  );
});

test("each fault is named", async () => {
  const whole = await readWhole(writeTar("sample", sampleEntries()));
  const read = (bytes: Uint8Array) => [...readTar(bytes, "x.tar")];
  expect(() => read(whole.subarray(0, 300))).toThrow("x.tar is no whole tar archive: it ends within a header");
  const wrongSum = Uint8Array.from(whole);
  wrongSum[0]! ^= 1;
  expect(() => read(wrongSum)).toThrow("the header at byte 0 is damaged");
  const file = whole.indexOf("app/server.js");
  expect(() => read(whole.subarray(0, file + 512 + 5))).toThrow("it ends within a file");
});
