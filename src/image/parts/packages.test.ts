import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageMismatch, packageMissing } from "../errors.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { openPinned, type PackageOptions } from "./packages.ts";
import { pins, type Pin } from "./pins.ts";

const lockFile = new URL("../../../package-lock.json", import.meta.url);

test("the pins are those of package-lock.json", async () => {
  const lock = JSON.parse(await readFile(lockFile, "utf8")) as { packages: Record<string, Partial<Pin>> };
  expect(
    pins.map(({ name }) => {
      const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
      return { name, version, integrity };
    }),
  ).toEqual(pins);
});

/** A package as npm packs it, and a client that has it. */
async function makeRegistry(content = "binary") {
  const folder = await scratchFolder();
  await mkdir(join(folder, "package", "bin"), { recursive: true });
  await writeFile(join(folder, "package", "package.json"), '{"name":"tool","version":"1.2.3"}');
  await writeFile(join(folder, "package", "bin", "tool"), content);
  await writeFile(join(folder, "package", "README.md"), "not wanted");
  const archive = join(folder, "tool.tgz");
  execFileSync("tar", ["-czf", archive, "-C", folder, "package"]);
  const integrity = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  const asked: string[] = [];
  const options: PackageOptions = {
    cache: join(folder, "cache"),
    pins: [{ name: "@x/tool", version: "1.2.3", integrity }],
    fetch: async (spec) => (asked.push(spec), archive),
  };
  return { options, asked, archive };
}

const files = ["package.json", "bin/tool"];

test("a package for another platform is fetched once, checked, and only what is wanted of it kept", async () => {
  const { options, asked } = await makeRegistry();
  const folder = await openPinned("@x/tool", files, options);
  expect(folder).toBe(join(options.cache, "packages", "@x+tool@1.2.3"));
  expect(await readFile(join(folder, "bin/tool"), "utf8")).toBe("binary");
  await expect(readFile(join(folder, "README.md"))).rejects.toThrow("ENOENT");
  await openPinned("@x/tool", files, options);
  expect(asked).toEqual(["@x/tool@1.2.3"]);
});

test("other bytes than the pinned ones are never used", async () => {
  const { options, archive } = await makeRegistry();
  const wanted = options.pins![0]!.integrity;
  await writeFile(archive, "something else");
  const seen = `sha512-${createHash("sha512").update("something else").digest("base64")}`;
  await expect(openPinned("@x/tool", files, options)).rejects.toThrow(
    packageMismatch({ name: "@x/tool", version: "1.2.3", seen, wanted }),
  );
});

test("a file that was changed in the cache is fetched again; a copied cache is as good", async () => {
  const { options, asked } = await makeRegistry();
  const folder = await openPinned("@x/tool", files, options);
  await utimes(join(folder, "bin/tool"), 1, 1);
  await openPinned("@x/tool", files, options);
  expect(asked.length).toBe(1);
  await writeFile(join(folder, "bin/tool"), "BINARY");
  expect(await readFile(join(await openPinned("@x/tool", files, options), "bin/tool"), "utf8")).toBe("binary");
  await writeFile(join(folder, "slipway.json"), "{");
  await openPinned("@x/tool", files, options);
  expect(asked.length).toBe(3);
});

test("two at once end with a whole package", async () => {
  const { options } = await makeRegistry();
  const folders = await Promise.all([1, 2, 3].map(() => openPinned("@x/tool", files, options)));
  expect(await readFile(join(folders[2]!, "bin/tool"), "utf8")).toBe("binary");
});

test("what npm says is passed on", async () => {
  const { options } = await makeRegistry();
  const fetch = async (): Promise<string> => {
    throw Object.assign(new Error("Command failed"), { stderr: "\nnpm error code E404\nnpm error 404 Not Found" });
  };
  await expect(openPinned("@x/tool", files, { ...options, fetch })).rejects.toThrow(
    packageMissing({ name: "@x/tool", version: "1.2.3", why: "npm error code E404" }),
  );
});

test("a package without the wanted file, and one that no release knows, are refused", async () => {
  const { options } = await makeRegistry();
  await expect(openPinned("@x/tool", ["bin/other"], options)).rejects.toThrow("it lacks bin/other");
  await expect(openPinned("left-pad", files, options)).rejects.toMatchObject({ code: packageMissing.code });
});
