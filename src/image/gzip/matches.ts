/** @file Finds what repeats: LZ77 over a window of 32 KiB, as deflate has it (RFC 1951 §2). */

/** Tokens of one block: a literal byte, or `match` with length and distance. */
export interface Tokens {
  /** A byte, or 2^31 | length << 16 | distance − 1. */
  words: Uint32Array;
  count: number;
}

export const windowBytes = 32_768;
export const leastMatch = 3;
export const mostMatch = 258;
/** Tokens in one block at most: each block has codes of its own. */
export const blockTokens = 32_768;

const hashBits = 15;
/** A match this long is taken without a look for a better one. */
const goodMatch = 32;

export interface Finder {
  /** Fills `tokens` from `at` and gives where it stopped: at the end, or where the block is full. */
  find(at: number, tokens: Tokens): number;
}

/** Looks in `bytes`, of which those before `start` are only looked back at. `depth`: how many earlier places are tried for each match. */
export function createFinder(bytes: Uint8Array, start: number, depth: number): Finder {
  const heads = new Int32Array(1 << hashBits).fill(-1);
  const before = new Int32Array(windowBytes).fill(-1);
  const mask = windowBytes - 1;
  const end = bytes.length;
  /** The last place that four bytes can be read from. */
  const last = end - 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  const remember = (at: number): void => {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const hash = Math.imul(word, 0x9e37_79b1) >>> (32 - hashBits);
    before[at & mask] = heads[hash]!;
    heads[hash] = at;
  };
  for (let at = 0; at < start && at <= last; at++) remember(at);

  return {
    find(from, tokens) {
      const { words } = tokens;
      let at = from;
      let count = 0;
      // The four bytes from `at` on, shifted along rather than read anew at each place.
      let word = at <= last ? view.getInt32(at, true) : 0;
      while (at <= last && count < words.length) {
        const hash = Math.imul(word, 0x9e37_79b1) >>> (32 - hashBits);
        let candidate = heads[hash]!;
        before[at & mask] = candidate;
        heads[hash] = at;

        let best = leastMatch;
        let distance = 0;
        const most = Math.min(mostMatch, end - at);
        const oldest = Math.max(0, at - windowBytes);
        for (let tries = depth; tries > 0 && candidate >= oldest; tries--) {
          if (bytes[candidate + best] === bytes[at + best] && view.getInt32(candidate, true) === word) {
            let length = 4;
            while (length < most && bytes[candidate + length] === bytes[at + length]) length++;
            if (length > best) {
              best = length;
              distance = at - candidate;
              if (length >= goodMatch) break;
            }
          }
          const next = before[candidate & mask]!;
          // The ring forgets: what it says of places out of the window is of newer ones.
          if (next >= candidate) break;
          candidate = next;
        }
        if (distance === 0) {
          words[count++] = word & 255;
          word = (word >>> 8) | (bytes[at + 4]! << 24);
          at++;
          continue;
        }
        words[count++] = (0x8000_0000 | (best << 16) | (distance - 1)) >>> 0;
        const stop = Math.min(at + best, last + 1);
        for (let skipped = at + 1; skipped < stop; skipped++) {
          word = (word >>> 8) | (bytes[skipped + 3]! << 24);
          const place = Math.imul(word, 0x9e37_79b1) >>> (32 - hashBits);
          before[skipped & mask] = heads[place]!;
          heads[place] = skipped;
        }
        at += best;
        word = (word >>> 8) | (bytes[at + 3]! << 24);
      }
      for (; at < end && count < words.length; at++) words[count++] = bytes[at]!;
      tokens.count = count;
      return at;
    },
  };
}
