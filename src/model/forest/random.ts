/** 32 bits at a time, fast: sfc32 (Chris Doty-Humphrey's PractRand), started from a seed and a stream. */
export function createRandom(seed: number, stream: number): () => number {
  let [a, b, c, counter] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  // The first ones still tell the seed.
  for (let i = 0; i < 15; i++) next();
  return next;
}
