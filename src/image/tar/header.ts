/** @file One header of a tar archive: POSIX ustar, and a pax header before it only where ustar has no room. */

export interface Header {
  path: string;
  mode: number;
  /** In bytes. */
  size: number;
  /** `0` file, `2` symbolic link, `5` folder, `x` pax header. */
  type: "0" | "2" | "5" | "x";
  target: string;
}

export const blockBytes = 512;
/** Eleven octal digits: 8 GiB less one byte. */
const mostSize = 0o77_777_777_777;
const encoder = new TextEncoder();

/** The blocks before an entry's content: a pax header and its records where they are needed, then the ustar header. */
export function writeHeader(header: Header): Uint8Array {
  const { path, size, target } = header;
  const records: [string, string][] = [];
  const split = splitPath(path);
  if (split === undefined) records.push(["path", path]);
  if (!fits(target, 100)) records.push(["linkpath", target]);
  if (size > mostSize) records.push(["size", String(size)]);
  const ustar = writeUstar({
    ...header,
    split: split ?? ["", cut(path)],
    target: fits(target, 100) ? target : cut(target),
    size: size > mostSize ? 0 : size,
  });
  if (records.length === 0) return ustar;
  const text = encoder.encode(records.map(([key, value]) => writeRecord(key, value)).join(""));
  const pax = writeUstar({ split: ["", "pax"], mode: 0o644, size: text.length, type: "x", target: "" });
  const blocks = new Uint8Array(pax.length + padded(text.length) + ustar.length);
  blocks.set(pax);
  blocks.set(text, pax.length);
  blocks.set(ustar, blocks.length - ustar.length);
  return blocks;
}

/** Up to the next whole block. */
export function padded(size: number): number {
  return Math.ceil(size / blockBytes) * blockBytes;
}

/** Owner root, no names, times zero, no device: nothing of the machine that wrote it. */
function writeUstar(fields: Omit<Header, "path"> & { split: [prefix: string, name: string] }): Uint8Array {
  const { split, mode, size, type, target } = fields;
  const block = new Uint8Array(blockBytes);
  const put = (at: number, text: string): void => block.set(encoder.encode(text), at);
  const octal = (at: number, digits: number, value: number): void => put(at, value.toString(8).padStart(digits, "0"));
  put(0, split[1]);
  octal(100, 7, mode);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, 0);
  put(148, "        ");
  put(156, type);
  put(157, target);
  put(257, "ustar\u{0}00");
  octal(329, 7, 0);
  octal(337, 7, 0);
  put(345, split[0]);
  octal(
    148,
    6,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  put(154, "\0 ");
  return block;
}

/** Prefix and name, or undefined where the path needs a pax header: too long, or beyond ASCII. */
function splitPath(path: string): [string, string] | undefined {
  if (fits(path, 100)) return ["", path];
  for (let slash = path.indexOf("/"); slash > 0 && slash < path.length - 1; slash = path.indexOf("/", slash + 1)) {
    const split: [string, string] = [path.slice(0, slash), path.slice(slash + 1)];
    if (fits(split[0], 155) && fits(split[1], 100)) return split;
  }
  return undefined;
}

function fits(text: string, most: number): boolean {
  // oxlint-disable-next-line no-control-regex -- exactly ASCII is meant
  return text.length <= most && /^[\x20-\x7e]*$/.test(text);
}

/** For readers that know no pax: as much of the name as there is room for. */
function cut(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, "_").slice(-100);
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function writeRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = encoder.encode(rest).length;
  let length = bytes + String(bytes).length;
  if (String(length).length > String(bytes).length) length = bytes + String(length).length;
  return `${length}${rest}`;
}
