/**
 * @file Deflate (RFC 1951) of our own: its bytes depend on the input alone, not on the zlib of the Node that runs it (whose
 * versions and processors differ), so the digest of a compressed layer is the same everywhere.
 */
import { buildCode, type Code } from "./huffman.ts";
import { blockTokens, createFinder, type Tokens } from "./matches.ts";

const endOfBlock = 256;
/** Earlier places tried for each match. More makes layers hardly smaller and much slower: see docs/adr/0011-images.md. */
const depth = 8;

/** RFC 1951 §3.2.5: the first length of each length code from 257 on, and the first distance of each distance code. */
const lengthBases = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const distanceBases = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12_289, 16_385, 24_577,
];
const lengthExtra = (code: number): number => (code < 8 || code === 28 ? 0 : (code - 4) >> 2);
const distanceExtra = (code: number): number => (code < 4 ? 0 : (code - 2) >> 1);
/** RFC 1951 §3.2.7: the order in which lengths of code length codes are sent. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const lengthBits = Uint8Array.from(lengthBases, (_, code) => lengthExtra(code));
const distanceBits = Uint8Array.from(distanceBases, (_, code) => distanceExtra(code));
const codeOfLength = tabulate(lengthBases, 259);
const codeOfDistance = tabulate(distanceBases, 32_769);

/**
 * Deflates `bytes` from `start` on; what comes before may be referred to (at most 32 KiB of it). Where it is not the last of the
 * stream, it ends at a whole byte, so that such pieces can be made apart and put one after the other.
 */
export function deflatePiece(bytes: Uint8Array, start: number, isLast: boolean): Uint8Array {
  const out = createBits(bytes.length - start);
  const finder = createFinder(bytes, start, depth);
  const tokens: Tokens = { words: new Uint32Array(blockTokens), count: 0 };
  for (let at = start; at < bytes.length;) {
    const next = finder.find(at, tokens);
    writeBlock(out, bytes.subarray(at, next), tokens);
    at = next;
  }
  // An empty stored block: it ends the stream, or fills the last byte up (a "sync flush").
  out.put(isLast ? 1 : 0, 3);
  out.align();
  out.putBytes(Uint8Array.of(0, 0, 0xff, 0xff));
  return out.finish();
}

function writeBlock(out: Bits, source: Uint8Array, tokens: Tokens): void {
  const literals = new Uint32Array(286);
  const distances = new Uint32Array(30);
  literals[endOfBlock] = 1;
  for (let index = 0; index < tokens.count; index++) {
    const word = tokens.words[index]!;
    if (word < 256) literals[word]!++;
    else {
      literals[257 + codeOfLength[(word >>> 16) & 0x1ff]!]!++;
      distances[codeOfDistance[(word & 0x7fff) + 1]!]!++;
    }
  }
  const literalCode = buildCode(literals, 15);
  const distanceCode = buildCode(distances, 15);
  if (countBits(literals, literalCode, distances, distanceCode) > source.length * 8) writeStored(out, source);
  else writeCoded(out, tokens, literalCode, distanceCode);
}

function countBits(literals: Uint32Array, literalCode: Code, distances: Uint32Array, distanceCode: Code): number {
  let bits = 0;
  for (let symbol = 0; symbol < literals.length; symbol++)
    bits += literals[symbol]! * (literalCode.lengths[symbol]! + (symbol > endOfBlock ? lengthExtra(symbol - 257) : 0));
  for (let symbol = 0; symbol < distances.length; symbol++)
    bits += distances[symbol]! * (distanceCode.lengths[symbol]! + distanceExtra(symbol));
  return bits;
}

/** What does not get smaller goes as it is, in parts of at most 64 KiB. */
function writeStored(out: Bits, source: Uint8Array): void {
  for (let at = 0; at < source.length; at += 65_535) {
    const part = source.subarray(at, at + 65_535);
    out.put(0, 3);
    out.align();
    const size = part.length;
    out.putBytes(Uint8Array.of(size & 255, size >> 8, ~size & 255, (~size >> 8) & 255));
    out.putBytes(part);
  }
}

function writeCoded(out: Bits, tokens: Tokens, literalCode: Code, distanceCode: Code): void {
  out.put(0b100, 3);
  writeLengths(out, literalCode.lengths, distanceCode.lengths);
  const { lengths, bits } = literalCode;
  const { words, count } = tokens;
  for (let index = 0; index < count; index++) {
    const word = words[index]!;
    if (word < 256) {
      out.put(bits[word]!, lengths[word]!);
      continue;
    }
    // With its extra bits at once: at most 15 and 5. A distance's are too many for that.
    const length = (word >>> 16) & 0x1ff;
    const lengthCode = codeOfLength[length]!;
    const width = lengths[257 + lengthCode]!;
    out.put(bits[257 + lengthCode]! | ((length - lengthBases[lengthCode]!) << width), width + lengthBits[lengthCode]!);
    const distance = (word & 0x7fff) + 1;
    const far = codeOfDistance[distance]!;
    out.put(distanceCode.bits[far]!, distanceCode.lengths[far]!);
    out.put(distance - distanceBases[far]!, distanceBits[far]!);
  }
  out.put(bits[endOfBlock]!, lengths[endOfBlock]!);
}

/** The two codes' lengths, run by run, themselves Huffman-coded (RFC 1951 §3.2.7). */
function writeLengths(out: Bits, literals: Uint8Array, distances: Uint8Array): void {
  const literalCount = Math.max(257, countUsed(literals));
  const distanceCount = Math.max(1, countUsed(distances));
  const runs = toRuns([...literals.subarray(0, literalCount), ...distances.subarray(0, distanceCount)]);
  const frequencies = new Uint32Array(19);
  for (const { symbol } of runs) frequencies[symbol]!++;
  const code = buildCode(frequencies, 7);
  let sent = 19;
  while (sent > 4 && code.lengths[lengthOrder[sent - 1]!] === 0) sent--;
  out.put(literalCount - 257, 5);
  out.put(distanceCount - 1, 5);
  out.put(sent - 4, 4);
  for (const symbol of lengthOrder.slice(0, sent)) out.put(code.lengths[symbol]!, 3);
  for (const { symbol, extra, extraBits } of runs) {
    out.put(code.bits[symbol]!, code.lengths[symbol]!);
    out.put(extra, extraBits);
  }
}

interface Run {
  symbol: number;
  extra: number;
  extraBits: number;
}

/** 16: the last length 3–6 times more; 17: 3–10 zeros; 18: 11–138 zeros. */
function toRuns(lengths: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < lengths.length;) {
    const length = lengths[at]!;
    let count = 1;
    while (lengths[at + count] === length) count++;
    at += count;
    if (length > 0) {
      runs.push({ symbol: length, extra: 0, extraBits: 0 });
      count--;
    }
    while (count >= 3) {
      const most = length > 0 ? 6 : 138;
      const taken = Math.min(count, most);
      if (length > 0) runs.push({ symbol: 16, extra: taken - 3, extraBits: 2 });
      else if (taken <= 10) runs.push({ symbol: 17, extra: taken - 3, extraBits: 3 });
      else runs.push({ symbol: 18, extra: taken - 11, extraBits: 7 });
      count -= taken;
    }
    for (; count > 0; count--) runs.push({ symbol: length, extra: 0, extraBits: 0 });
  }
  return runs;
}

function countUsed(lengths: Uint8Array): number {
  let count = lengths.length;
  while (count > 0 && lengths[count - 1] === 0) count--;
  return count;
}

interface Bits {
  /** Up to 20 bits, the lowest first. */
  put(value: number, count: number): void;
  align(): void;
  /** Only at a whole byte. */
  putBytes(bytes: Uint8Array): void;
  finish(): Uint8Array;
}

function createBits(sourceBytes: number): Bits {
  // Stored blocks are the worst case: five bytes for each block, and the end.
  let bytes = new Uint8Array(sourceBytes + (sourceBytes >> 10) + 1024);
  let size = 0;
  let held = 0;
  let count = 0;
  const room = (more: number): void => {
    if (size + more <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, size + more));
    larger.set(bytes);
    bytes = larger;
  };
  const flush = (): void => {
    room(4);
    while (count >= 8) {
      bytes[size++] = held & 255;
      held >>>= 8;
      count -= 8;
    }
  };
  return {
    put(value, width) {
      held |= value << count;
      count += width;
      // 20 more must fit into 32.
      if (count > 11) flush();
    },
    align() {
      count = (count + 7) & ~7;
      flush();
    },
    putBytes(more) {
      room(more.length);
      bytes.set(more, size);
      size += more.length;
    },
    finish: () => bytes.subarray(0, size),
  };
}

/** For each value the code whose range it lies in. */
function tabulate(bases: readonly number[], size: number): Uint8Array {
  const codes = new Uint8Array(size);
  for (let value = bases[0]!, code = 0; value < size; value++) {
    if (code + 1 < bases.length && value >= bases[code + 1]!) code++;
    codes[value] = code;
  }
  return codes;
}
