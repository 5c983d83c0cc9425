/** @file A base made of this machine's own C library, for places that reach no registry: the loader, what the server's native parts need, and a few small files of /etc. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { baseUnfit } from "../errors.ts";
import { resolveLibraries } from "../elf/resolve.ts";
import { folderEntry, textEntry, type TarEntry } from "../tar/entry.ts";
import { fileEntry } from "../tar/file-entry.ts";
import type { Platform } from "../types.ts";

/** The account that images run as: nobody's on any machine, and the number that distroless images use. */
export const serverUser = 65_532;

const accounts: readonly TarEntry[] = [
  textEntry(
    "etc/passwd",
    `root:x:0:0:root:/root:/sbin/nologin\nslipway:x:${serverUser}:${serverUser}:slipway:/app:/sbin/nologin\n`,
  ),
  textEntry("etc/group", `root:x:0:\nslipway:x:${serverUser}:\n`),
  // Names are looked up in the file first, then by DNS; the account files need no other source.
  textEntry("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
  folderEntry("tmp", 0o1777),
  // What runs the image mounts these; on a read-only root it cannot make them first.
  ...["dev", "proc", "sys"].map((path) => folderEntry(path)),
];

/** Where distributions keep the certificates of authorities that this machine trusts: Debian, Fedora, SUSE. */
const certificateFiles = [
  "etc/ssl/certs/ca-certificates.crt",
  "etc/pki/tls/certs/ca-bundle.crt",
  "etc/ssl/ca-bundle.pem",
];

/**
 * Entries of the base layer for `programs` (paths on this machine). Its bytes depend on this machine's libraries: the same ones
 * give the same digest. Throws `libraryMissing`, `baseUnfit`.
 */
export async function composeHostBase(
  programs: readonly string[],
  platform: Platform,
  root = "/",
): Promise<TarEntry[]> {
  const { libraries, loader } = resolveLibraries(programs, platform, root);
  if (loader === undefined)
    throw baseUnfit({ base: "host", why: "no program among those that it is for names a loader" });
  const named = loader.slice(loader.lastIndexOf("/") + 1);
  const entries: TarEntry[] = [...accounts];
  for (const { name, file, folder } of libraries)
    entries.push(await fileEntry(name === named ? loader : `${folder}/${name}`, file, 0o755));
  for (const path of certificateFiles) {
    const file = join(root, path);
    if (!existsSync(file)) continue;
    entries.push(await fileEntry("etc/ssl/certs/ca-certificates.crt", file));
    break;
  }
  // Names the distribution that the libraries are of, which scanners for known faults ask for.
  const release = join(root, "etc/os-release");
  if (existsSync(release)) entries.push(await fileEntry("etc/os-release", release));
  return entries;
}
