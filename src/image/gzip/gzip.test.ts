import { gunzipSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { readWhole } from "../fixtures/entries.ts";
import { gzip, pieceBytes } from "./gzip.ts";
import { storedGzip } from "./stored.ts";

async function pack(bytes: Uint8Array, pieces = 1): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const size = Math.ceil(bytes.length / pieces) || 1;
  const input = async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  for await (const part of gzip(input())) parts.push(part);
  return Buffer.concat(parts);
}

/** Text-like, repeating, and the same on every machine. */
function makeText(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 12_345;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 28 < 12 && at > 90 ? bytes[at - 61 - (state >>> 30)]! : 97 + ((state >>> 16) % 26);
  }
  return bytes;
}

function makeNoise(size: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: size }, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24);
}

test("the bytes have not moved: a layer compressed elsewhere or before has the same digest", async () => {
  expect(digestOf(await pack(makeText(300_000)))).toBe(
    "sha256:e3d06bbb2f2900e62dc6766cfb9966e1c190505090b99565146de538d41a8526",
  );
  // Several pieces, deflated on several threads.
  expect(digestOf(await pack(makeText(5 * pieceBytes + 77), 9))).toBe(
    "sha256:671169310ed753adf04285d2c0063fb60f15b0e9d6541faa6d32cae3fed15440",
  );
});

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.string({ maxLength: 3000 }).map((text) => new TextEncoder().encode(text)),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 3000 })).map(([unit, times]) => {
    const repeated = new Uint8Array(Math.min(unit.length * times, 100_000));
    return repeated.map((_, at) => unit[at % unit.length]!);
  }),
);

test("zlib gives back what went in, whatever it is and however it comes", async () => {
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 5 }), async (input, pieces) => {
      expect(gunzipSync(await pack(input, pieces)).equals(input)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test.each([0, 1, pieceBytes - 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes])("%i bytes go through", async (size) => {
  const input = makeText(size);
  expect(gunzipSync(await pack(input, 3)).equals(input)).toBe(true);
});

test("what repeats over the border of two pieces is found", async () => {
  const noise = makeNoise(20_000);
  const input = Buffer.concat([makeNoise(pieceBytes - 20_000), noise, noise]);
  expect((await pack(input)).length).toBeLessThan(pieceBytes + 2000);
});

test("what does not get smaller hardly gets larger", async () => {
  const noise = makeNoise(2 * pieceBytes);
  expect((await pack(noise)).length).toBeLessThan(noise.length * 1.001 + 100);
});

test("text gets nearly as small as by zlib's own quick level", async () => {
  const text = makeText(400_000);
  expect((await pack(text)).length).toBeLessThan(gzipSync(text, { level: 3 }).length * 1.1);
});

test("an input that fails is told to the reader, and the threads end", async () => {
  const input = async function* () {
    yield makeText(6 * pieceBytes);
    throw new Error("the disk went away");
  };
  await expect(async () => {
    for await (const part of gzip(input())) void part;
  }).rejects.toThrow("the disk went away");
});

test("stored gzip holds the bytes as they are, with a size that is known beforehand", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(0, 1, 65_535, 65_536, 200_000), async (size) => {
      const input = makeText(size);
      const stored = await storedGzip(fromBytes(input));
      const packed = await readWhole(stored);
      expect(packed.length).toBe(stored.size);
      expect(gunzipSync(packed).equals(input)).toBe(true);
    }),
    { numRuns: 5 },
  );
  const stored = await storedGzip(fromBytes(makeText(150_000)));
  const whole = await readWhole(stored);
  const part: Uint8Array[] = [];
  for await (const piece of stored.read(65_000, 66_000)) part.push(piece);
  expect(Buffer.concat(part).equals(whole.subarray(65_000, 66_000))).toBe(true);
});
