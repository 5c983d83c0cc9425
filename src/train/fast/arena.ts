/** @file Places in one WASM memory, given out before the memory exists: it is made once, as large as needed, and never grows. */

export interface Arena {
  /** Room for `floats` numbers; the byte offset is a multiple of 64. */
  reserve(floats: number): number;
  /** Bytes up to the end of what was given out. */
  readonly size: number;
}

/** WebAssembly's own limit for 32-bit memories, less two pages. */
const largestMemory = 2 ** 32 - 2 ** 17;

export function createArena(start: number): Arena {
  let size = start;
  return {
    reserve(floats) {
      const offset = size;
      size = offset + Math.ceil(floats / 16) * 64;
      return offset;
    },
    get size() {
      return size;
    },
  };
}

const pageSize = 65_536;

/** One page more than asked: kernels may read a few bytes past an array's end. Undefined where the machine has no room for it. */
export function allocate(arena: Arena): WebAssembly.Memory | undefined {
  if (arena.size > largestMemory) return undefined;
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(arena.size / pageSize) + 1 });
  } catch (error) {
    // An engine refuses memory it cannot reserve with a RangeError; the caller then does without.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
