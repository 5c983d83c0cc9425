/** @file Weights out of the files that `torch.save` writes, by name. Nothing in a file is ever executed. */

import type { ElementType } from "../../onnx/types.ts";
import { openArchive, type Opened } from "./archive.ts";
import { chooseWeights } from "./choose.ts";
import { pytorchFormat } from "./errors.ts";
import { openLegacy } from "./legacy.ts";
import { type ByteSource, fromBytes, openFile } from "./source.ts";
import { checkTensor, type Numbers, readTensor } from "./tensor.ts";
import type { TensorRef } from "./types.ts";

export type { Numbers } from "./tensor.ts";

export interface StateDictOptions {
  /** Where the weights are within a checkpoint, dotted: `state_dict`, `ema.model`. Default: found, where there is one place only. */
  key?: string;
  /** Taken off every name. Default: `module.`, which DataParallel adds, where every name has it. */
  prefix?: string;
}

export interface StateDictEntry {
  dtype: ElementType;
  shape: readonly number[];
  /**
   * The numbers in row-major order: float16 and bfloat16 as their 16 bits, bool as 0 and 1, complex numbers as pairs. Memory of its
   * own where the file was opened by path (its buffer may begin a little earlier); of bytes it may be a view. Refuses content that does not agree with its checksum.
   */
  read(): Promise<Numbers>;
}

export interface StateDict {
  /** In the file's order. */
  entries: ReadonlyMap<string, StateDictEntry>;
  /** Plain values beside the weights, dotted by their place in the file: `epoch`, `args.lr`. */
  values: ReadonlyMap<string, string | number | bigint | boolean | null>;
  format: "zip" | "legacy";
  close(): Promise<void>;
}

/**
 * Opens a `.pth` or `.pt` file of either format, by path or as bytes. Only its table is read; each tensor is read when asked for, so
 * a file may be larger than memory.
 */
export async function openStateDict(
  input: string | Uint8Array<ArrayBuffer>,
  options: StateDictOptions = {},
): Promise<StateDict> {
  const source = typeof input === "string" ? await openFile(input) : fromBytes(input, "the given bytes");
  try {
    return await readTable(source, options);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readTable(source: ByteSource, options: StateDictOptions): Promise<StateDict> {
  const head = Buffer.from(await source.read(0, Math.min(source.size, 512)));
  const format = recogniseFormat(head, source.name);
  const opened = format === "zip" ? await openArchive(source) : await openLegacy(source);
  const { tensors, values } = chooseWeights(opened.value, source.name, options);
  const entries = new Map([...tensors].map(([name, tensor]) => [name, toEntry(source, opened, name, tensor)]));
  return { entries, values, format, close: () => source.close() };
}

function toEntry(source: ByteSource, opened: Opened, name: string, tensor: TensorRef): StateDictEntry {
  const count = checkTensor(source.name, source.size, name, tensor);
  return { dtype: tensor.dtype, shape: tensor.shape, read: () => readTensor(opened, name, tensor, count) };
}

/** By the first bytes; what people take for weights most often is named. */
function recogniseFormat(head: Buffer, file: string): "zip" | "legacy" {
  const text = head.toString("latin1", 0, 64).trimStart();
  const refuse = (seen: string): Error => pytorchFormat({ file, seen });
  if (text.startsWith("PK\x03\x04")) return "zip";
  // PROTO 2 and later, or protocol 1's LONG of the magic number.
  if (head[0] === 0x80 || text.startsWith("L119547037146038801333356")) return "legacy";
  if (head.length === 0) throw refuse("empty");
  if (head.toString("latin1", 257, 262) === "ustar" || /^(?:sys_info|storages|tensors|pickle)\0/.test(text))
    throw refuse("a tar file, PyTorch's format before 0.2");
  if (text.startsWith("version https://git-lfs")) throw refuse("a pointer of Git LFS in the place of the file");
  if (/^<(?:!doctype|html|\?xml)/i.test(text)) throw refuse("a web page");
  if (text.startsWith("\x89HDF")) throw refuse("an HDF5 file, as Keras writes");
  if (text.startsWith("GGUF")) throw refuse("a GGUF file");
  if (head[8] === 0x7b) throw refuse("a safetensors file");
  if (text.startsWith("\x1f\x8b")) throw refuse("compressed by gzip");
  throw refuse(`unknown (its first bytes are ${head.toString("hex", 0, 8)})`);
}
