import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findSlipwayError } from "../../base/errors.ts";
import { elfInvalid } from "../errors.ts";
import { writeElf } from "../fixtures/elf.ts";
import { findInstalled } from "../parts/packages.ts";
import { readElfFile } from "./file.ts";
import { readElf } from "./read.ts";

const read = (bytes: Uint8Array) => readElf((offset, length) => bytes.subarray(offset, offset + length), "lib.so");

test("all that a file says is read", () => {
  const facts = {
    interpreter: "/lib64/ld.so",
    needed: ["libc.so.6", "libm.so.6"],
    soname: "libx.so.1",
    runpath: "$ORIGIN:/opt",
  };
  expect(read(writeElf({ machine: "aarch64", ...facts }))).toEqual({
    machine: "aarch64",
    ...facts,
    runpath: ["$ORIGIN", "/opt"],
    versions: {},
  });
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

const onnxruntime = `${findInstalled("onnxruntime-node")}/bin/napi-v6/linux`;

test.each([
  ["x64", "x86_64"],
  ["arm64", "aarch64"],
])("onnxruntime's binding for %s", (architecture, machine) => {
  const elf = readElfFile(`${onnxruntime}/${architecture}/onnxruntime_binding.node`);
  expect(elf).toMatchObject({ machine, interpreter: undefined, runpath: ["$ORIGIN/"] });
  expect(elf.needed).toEqual(expect.arrayContaining(["libonnxruntime.so.1", "libstdc++.so.6", "libc.so.6"]));
  // What the README and the guide say of the base: glibc 2.28 or later.
  const versions = readElfFile(`${onnxruntime}/${architecture}/libonnxruntime.so.1`).versions["libc.so.6"] ?? [];
  expect(
    versions.map((version) => Number(version.split("GLIBC_2.")[1])).toSorted((a, b) => b - a)[0],
  ).toBeLessThanOrEqual(28);
});

describe.runIf(process.platform === "linux")("this machine's Node", () => {
  test("names its loader and libc", () => {
    const elf = readElfFile(process.execPath);
    expect(elf.interpreter).toMatch(/^\/lib.*\/ld-linux.*\.so\.\d$/);
    expect(elf.needed).toContain("libc.so.6");
  });
});

test("a file that is no program says why", () => {
  expect(() => read(new TextEncoder().encode("#!/bin/sh\n".padEnd(64)))).toThrow(
    elfInvalid({ file: "lib.so", why: "it does not begin as ELF files do" }),
  );
  expect(() => read(new Uint8Array(10))).toThrow(
    elfInvalid({ file: "lib.so", why: "it is cut short, or points out of itself" }),
  );
  const narrow = writeElf({});
  narrow[4] = 1;
  expect(() => read(narrow)).toThrow("it is not of the 64-bit little-endian kind");
});

test("broken bytes are refused, and never hang, fill the memory or give another error", () => {
  const whole = [
    writeElf({ interpreter: "/lib64/ld.so", needed: ["libc.so.6"], runpath: "$ORIGIN" }),
    // Real ones have version tables; the first part is where all headers are.
    new Uint8Array(readFileSync(`${onnxruntime}/x64/onnxruntime_binding.node`)),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      (original, changes, headers) => {
        const broken = original.slice();
        for (const [place, byte] of changes) broken[place % (headers ? 400 : broken.length)] = byte;
        expect([undefined, elfInvalid.code]).toContain(codeOf(() => read(broken)));
      },
    ),
    { numRuns: 300 },
  );
});
