import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { entryInvalid, fileChanged } from "../errors.ts";
import { readWhole, sampleEntries } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { bytesEntry, folderEntry, linkEntry, textEntry, type TarEntry } from "./entry.ts";
import { fileEntry } from "./file-entry.ts";
import { writeHeader } from "./header.ts";
import { readTar } from "./read.ts";
import { writeTar } from "./write.ts";

const list = async (entries: Iterable<TarEntry>) => [...readTar(await readWhole(writeTar("t", entries)), "t")];

test("the sample's digest has not moved: every image made before would change with it", async () => {
  expect(digestOf(await readWhole(writeTar("sample", sampleEntries())))).toBe(
    "sha256:153a81afc160688555e39b1696c05221b53da73e9f264f8cb87150f699554209",
  );
});

test("neither the order of entries, nor the folder, times, modes, umask or time zone of their files matter", async () => {
  const zone = process.env["TZ"];
  const mask = process.umask();
  onTestFinished(() => {
    process.umask(mask);
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  });
  const make = async (umask: number, timeZone: string, age: number, mode: number) => {
    process.umask(umask);
    process.env["TZ"] = timeZone;
    const folder = await scratchFolder();
    await mkdir(join(folder, "inner"));
    const files = ["b.txt", "a.txt", "inner/c.txt"];
    for (const file of files) {
      await writeFile(join(folder, file), `content of ${file}`);
      await utimes(join(folder, file), age, age);
      await chmod(join(folder, file), mode);
    }
    const entries = await Promise.all(files.map((file) => fileEntry(`app/${file}`, join(folder, file))));
    return digestOf(await readWhole(writeTar("t", age > 5 ? entries : entries.toReversed())));
  };
  expect(await make(0o077, "Asia/Kathmandu", 1, 0o600)).toBe(await make(0o002, "America/St_Johns", 1e9, 0o777));
});

test("folders come before what is in them, and those above an entry are added", async () => {
  const entries = [textEntry("a/b/c", ""), textEntry("a.b", ""), textEntry("a/b.c", ""), folderEntry("a", 0o700)];
  expect((await list(entries)).map(({ path, kind, mode }) => [path, kind, mode.toString(8)])).toEqual([
    ["a", "folder", "700"],
    ["a/b", "folder", "755"],
    ["a/b/c", "file", "644"],
    ["a/b.c", "file", "644"],
    ["a.b", "file", "644"],
  ]);
});

test("the system's tar reads it: names, modes, links, contents, owner and times", async () => {
  const folder = await scratchFolder();
  const archive = join(folder, "sample.tar");
  await writeFile(archive, await readWhole(writeTar("sample", sampleEntries())));
  const listing = execFileSync("tar", ["--numeric-owner", "--utc", "-tvf", archive], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  const lines = listing.trim().split("\n");
  expect(lines.every((line) => / 0\/0 .* 1970-01-01 00:00 /.test(line))).toBe(true);
  expect(lines.map((line) => line.replace(/ 0\/0 +(\d+) 1970-01-01 00:00 /, " $1 "))).toEqual(
    expect.arrayContaining([
      "drwxrwxrwt 0 tmp/",
      "-rw-r--r-- 18 app/server.js",
      "-rwxr-xr-x 70000 usr/local/bin/node",
      "lrwxrwxrwx 0 usr/local/bin/nodejs -> node",
    ]),
  );
  execFileSync("tar", ["-xf", archive, "-C", folder]);
  expect(await readFile(join(folder, "app/ünï/数字.txt"), "utf8")).toBe("seven\n");
  expect(await readFile(join(folder, `app/${"long/".repeat(30)}${"name".repeat(30)}.txt`), "utf8")).toBe("far down\n");
});

const name = fc.stringMatching(/^[a-zA-Zä-ö数. _-]{1,40}$/).filter((part) => part !== "." && part !== "..");
const path = fc.array(name, { minLength: 1, maxLength: 8 }).map((parts) => parts.join("/"));

test("any files come back as they were", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 1200 }), fc.constantFrom(0o644, 0o755, 0o600)), {
        selector: ([at]) => at,
        maxLength: 6,
      }),
      async (files) => {
        const clash = files.some(([a]) => files.some(([b]) => b.startsWith(`${a}/`)));
        fc.pre(!clash);
        const entries = files.map(([at, bytes, mode]) => bytesEntry(at, bytes, mode));
        const back = (await list(entries)).filter(({ kind }) => kind === "file");
        const wanted = new Map(files.map(([at, bytes, mode]) => [at, { bytes: Buffer.from(bytes), mode }]));
        expect(new Map(back.map((file) => [file.path, { bytes: Buffer.from(file.bytes), mode: file.mode }]))).toEqual(
          wanted,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("any part of it can be read alone, as an upload that goes on in its middle does", async () => {
  const tar = writeTar("sample", sampleEntries());
  const whole = await readWhole(tar);
  expect(tar.size).toBe(whole.length);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.nat(whole.length), async (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      const pieces: Uint8Array[] = [];
      for await (const piece of tar.read(start, end)) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(whole.subarray(start, end))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("a file beyond eight gigabytes says its size in a pax header", () => {
  const header = Buffer.from(writeHeader({ path: "big", mode: 0o644, size: 2 ** 33, type: "0", target: "" }));
  expect(header.length).toBe(3 * 512);
  expect(header.subarray(512, 1024).toString().replaceAll("\0", "")).toBe("19 size=8589934592\n");
});

test("a link's target beyond a hundred bytes, or beyond ASCII, comes back", async () => {
  const targets = ["x".repeat(101), "zïel", "../plain"];
  const links = targets.map((target, index) => linkEntry(`link${index}`, target));
  expect((await list(links)).map(({ target }) => target)).toEqual(targets);
});

describe("what cannot be a layer's file is refused", () => {
  test.each([
    ["", "it has no name"],
    ["/etc/passwd", "it begins with /"],
    ["a//b", "a part of it is empty, . or .."],
    ["a/../b", "a part of it is empty, . or .."],
    ["a\\b", "it has a character that not every system knows"],
  ])("%j: %s", (wrong, why) => {
    expect(() => writeTar("t", [textEntry(wrong, "")])).toThrow(entryInvalid({ path: wrong, why }));
  });

  test("a file below a file", () => {
    expect(() => writeTar("t", [textEntry("a", ""), textEntry("a/b", "")])).toThrow(
      entryInvalid({ path: "a/b", why: "a is a file, not a folder" }),
    );
  });
});

test("a file that became shorter is named, instead of moving all that follows it", async () => {
  const folder = await scratchFolder();
  const file = join(folder, "weights");
  await writeFile(file, "0123456789");
  const tar = writeTar("t", [await fileEntry("app/weights", file), textEntry("app/zzz", "after")]);
  await truncate(file, 4);
  await expect(readWhole(tar)).rejects.toThrow(fileChanged({ path: file, wanted: 10, seen: 4 }));
});

test("a file that was written just now has no stamp, since it could change again without a trace", async () => {
  const folder = await scratchFolder();
  await writeFile(join(folder, "new"), "");
  expect((await fileEntry("new", join(folder, "new"))).stamp).toBeUndefined();
  expect((await fileEntry("node", process.execPath)).stamp).toMatch(/^\d+(:\d+){4}$/);
});

test("of two entries of one path the later stands", async () => {
  const [file, ...more] = await list([
    textEntry("a", "first"),
    { ...textEntry("a", ""), content: fromBytes(Buffer.from("last")) },
  ]);
  expect(Buffer.from(file?.bytes ?? []).toString()).toBe("last");
  expect(more).toEqual([]);
});
