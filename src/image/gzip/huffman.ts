/** @file Huffman codes of limited length, as deflate writes them (RFC 1951 §3.2.2). */

export interface Code {
  /** Bits of each symbol's code; 0 where the symbol does not occur. */
  lengths: Uint8Array;
  /** The codes, their bits reversed, since deflate sends the highest bit of a code first. */
  bits: Uint16Array;
}

/** The code for these frequencies with no length above `limit`. Equal frequencies are ordered by symbol, so the result depends on nothing else. */
export function buildCode(frequencies: Uint32Array, limit: number): Code {
  const lengths = new Uint8Array(frequencies.length);
  const used: number[] = [];
  for (let symbol = 0; symbol < frequencies.length; symbol++) if (frequencies[symbol]! > 0) used.push(symbol);
  // A lone symbol still needs one bit, and inflaters want a code of at least one symbol.
  if (used.length < 2) lengths[used[0] ?? 0] = 1;
  else {
    used.sort((a, b) => frequencies[a]! - frequencies[b]! || a - b);
    const counts = limitLengths(countLengths(used.map((symbol) => frequencies[symbol]!)), limit);
    // Rarest first: they get the longest codes.
    let at = 0;
    for (let length = limit; length > 0; length--)
      for (let left = counts[length]!; left > 0; left--) lengths[used[at++]!] = length;
  }
  return { lengths, bits: assignBits(lengths) };
}

/** How many leaves lie at each depth of the Huffman tree over ascending weights. In place, by Moffat and Katajainen. */
function countLengths(weights: number[]): number[] {
  const count = weights.length;
  const parents = makeTree(weights);
  // Depths of the inner nodes from the root down, then what is left at each depth are leaves.
  parents[count - 2] = 0;
  for (let node = count - 3; node >= 0; node--) parents[node] = parents[parents[node]!]! + 1;
  const counts: number[] = [];
  let inner = count - 2;
  for (let depth = 0, available = 1; available > 0; depth++) {
    let here = 0;
    while (inner >= 0 && parents[inner] === depth) {
      here++;
      inner--;
    }
    counts[depth] = available - here;
    available = 2 * here;
  }
  return counts;
}

/** For each inner node the index of its parent. */
function makeTree(weights: number[]): number[] {
  const tree = [...weights];
  const count = tree.length;
  let leaf = 0;
  let root = 0;
  for (let next = 0; next < count - 1; next++) {
    let sum = 0;
    for (let child = 0; child < 2; child++) {
      if (leaf >= count || (root < next && tree[root]! < tree[leaf]!)) {
        sum += tree[root]!;
        tree[root++] = next;
      } else sum += tree[leaf++]!;
    }
    tree[next] = sum;
  }
  return tree;
}

/** Moves leaves that lie too deep up to `limit`, and others down until the code is whole again (Kraft's sum is 1). */
function limitLengths(counts: readonly number[], limit: number): number[] {
  const limited = Array.from({ length: limit + 1 }, (_, length) => counts[length] ?? 0);
  for (let length = limit + 1; length < counts.length; length++) limited[limit]! += counts[length]!;
  let sum = limited.reduce((total, count, length) => total + (length === 0 ? 0 : count * 2 ** (limit - length)), 0);
  for (; sum > 2 ** limit; sum--) {
    limited[limit]!--;
    let length = limit - 1;
    while (limited[length] === 0) length--;
    limited[length]!--;
    limited[length + 1]! += 2;
  }
  return limited;
}

/** Codes of the same length are consecutive numbers, in the order of their symbols. */
function assignBits(lengths: Uint8Array): Uint16Array {
  const next = new Uint16Array(17);
  for (const length of lengths) if (length > 0) next[length + 1]!++;
  for (let length = 1; length < 17; length++) next[length] = (next[length]! + next[length - 1]!) << 1;
  const bits = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length > 0) bits[symbol] = reverse(next[length]!++, length);
  }
  return bits;
}

function reverse(code: number, length: number): number {
  let reversed = 0;
  for (let left = code, bit = 0; bit < length; bit++, left >>= 1) reversed = (reversed << 1) | (left & 1);
  return reversed;
}
