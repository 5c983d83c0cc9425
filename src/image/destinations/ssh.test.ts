/** @file Nodes behind ssh: a program stands for it that runs what it is given in a shell of this machine, as sshd does there. */
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { destinationUnknown, importDenied, importUnreachable } from "../errors.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { recordPrograms } from "../fixtures/programs.ts";
import { appendLayer, emptyImage } from "../image.ts";
import { ociLayoutOf } from "../fixtures/archive.ts";
import { storedLayer } from "../layer.ts";
import { printImage } from "../manifest.ts";
import { textEntry } from "../tar/entry.ts";
import { findImporter } from "./find.ts";

const name = "slipway.local/digits:1a2b3c4d5e6f";
const image = appendLayer(
  emptyImage({ os: "linux", architecture: "arm64" }),
  await storedLayer("model", [textEntry("app/model", 'it\'s "quoted" $HOME')]),
);
const { manifest } = printImage(image);
const line = `${name} application/vnd.oci.image.manifest.v1+json ${manifest.descriptor.digest} complete (3/3) 1 KiB/1 KiB true\n`;

/** A node with a socket, its programs, and the user that ssh comes as. */
async function makeNode(user: number, programs: Parameters<typeof recordPrograms>[0] = {}) {
  const folder = await scratchFolder();
  const socket = join(folder, "it's.sock");
  const server = createServer().listen(socket);
  await once(server, "listening");
  const recorder = await recordPrograms({
    ctr: [
      { words: /version/ },
      { words: /images check/, prints: line, loads: true },
      { words: /images check/ },
      { words: /content ls/ },
      { words: /images import -/ },
    ],
    uname: [{ words: /-m/, prints: "aarch64\n" }],
    id: [{ words: /-u/, prints: `${user}\n` }],
    ...programs,
  });
  const write = async (program: string, text: string): Promise<void> => {
    await writeFile(join(folder, program), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, program), 0o755);
  };
  // What it was asked, but for the last word: that is the shell's.
  await write("ssh", `echo "$@" | head -1 >> '${folder}/asked'; for last; do :; done; exec sh -c "$last"`);
  await write("sudo", `[ "$1" = -n ] || exit 64; shift; echo used >> '${folder}/sudo'; exec "$@"`);
  const environment = { PATH: [folder, recorder.environment["PATH"]].join(delimiter) };
  return { ...recorder, environment, socket, folder, [Symbol.dispose]: () => void server.close() };
}

describe.each([
  { user: 0, way: "as root" },
  { user: 1000, way: "by sudo" },
])("a node's containerd, $way,", ({ user }) => {
  test("is asked what it has and runs on, and fed the rest", async () => {
    using node = await makeNode(user);
    const { environment, socket } = node;
    // A path that a shell would take apart.
    const importer = findImporter(`ssh:admin@node1:2222${socket}`, { environment });
    expect(importer.name).toBe(`containerd of admin@node1 at ${socket}`);
    expect(await importer.platform()).toEqual({ os: "linux", architecture: "arm64" });
    const { places } = await importer.import(image, [name]);
    const bytes = await node.input();
    expect(places).toEqual([{ place: importer.name, sent: bytes.length }]);
    expect(ociLayoutOf(bytes).blobs).toHaveLength(3);
    const at = `-a ${socket} -n k8s.io`;
    const calls = (await node.calls()).filter((call) => call.startsWith("ctr"));
    expect(calls).toEqual([
      `ctr ${at} version`,
      `ctr ${at} images check name=="${name}"`,
      `ctr ${at} content ls -q`,
      `ctr ${at} images import -`,
      `ctr ${at} images check name=="${name}"`,
    ]);
    expect(await importer.import(image, [name])).toMatchObject({ places: [{ sent: 0 }] });
  });
});

test("what ssh and the node complain of is told with the command as a person would type it", async () => {
  using node = await makeNode(1000, { ctr: [{ words: /./, complains: "ctr: connect: permission denied", code: 1 }] });
  const at = `ssh:node1${node.socket}`;
  await expect(findImporter(at, { environment: node.environment }).platform()).rejects.toMatchObject({
    code: importDenied.code,
    details: { command: "ssh node1 ctr version" },
    mend: expect.stringContaining("`ssh node1 sudo -n ctr version`") as string,
  });
  await expect(
    findImporter("ssh:node1/run/nobody.sock", { environment: node.environment }).platform(),
  ).rejects.toMatchObject({
    code: importUnreachable.code,
    details: { why: "there is no socket at /run/nobody.sock: no such file or directory" },
  });
});

test.each(["ssh", "ssh:-oProxyCommand=x", "ssh:a b", "ssh:node1:", "ssh:a@-b"])("%s is no node", (to) => {
  expect(() => findImporter(to)).toThrow(expect.objectContaining({ code: destinationUnknown.code }));
});
