/** @file Columns of numbers as codes of one byte: splits are sought between bins instead of between all values. */

export interface Binned {
  rows: number;
  columns: number;
  /** Column by column: `codes[column × rows + row]` is the number of edges below the value. Backed by a SharedArrayBuffer. */
  codes: Uint8Array;
  /** Ascending, at most 255 a column. A value is in bin i where it is at most edge i, and above those before. */
  edges: readonly Float32Array[];
}

/** Values in 32 bits, row by row. With at most `bins` different values each gets a bin, else bins hold about as many rows. */
export function binColumns(values: Float32Array, columns: number, bins: number): Binned {
  const rows = values.length / columns;
  const codes = new Uint8Array(new SharedArrayBuffer(rows * columns));
  const edges: Float32Array[] = [];
  const column = new Float32Array(rows);
  for (let at = 0; at < columns; at++) {
    for (let row = 0; row < rows; row++) column[row] = values[row * columns + at]!;
    const found = findEdges(column.toSorted(), bins);
    edges.push(found);
    encode(column, found, codes.subarray(at * rows, (at + 1) * rows));
  }
  return { rows, columns, codes, edges };
}

function findEdges(sorted: Float32Array, bins: number): Float32Array {
  const edges: number[] = [];
  let distinct = 1;
  for (let i = 1; i < sorted.length && distinct <= bins; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  if (distinct <= bins) {
    for (let i = 1; i < sorted.length; i++)
      if (sorted[i] !== sorted[i - 1]) edges.push(between(sorted[i - 1]!, sorted[i]!));
    return Float32Array.from(edges);
  }
  for (let bin = 1; bin < bins; bin++) {
    let i = Math.floor((sorted.length * bin) / bins);
    while (i < sorted.length && sorted[i] === sorted[i - 1]) i++;
    if (i === sorted.length) break;
    const edge = between(sorted[i - 1]!, sorted[i]!);
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge);
  }
  return Float32Array.from(edges);
}

/**
 * The middle, as 32 bits hold it: `low <= middle < high` holds in the exported model as it does here. Rounding may push it up to `high`;
 * then it is `low`.
 */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= high || middle < low ? low : middle;
}

function encode(column: Float32Array, edges: Float32Array, codes: Uint8Array): void {
  for (let row = 0; row < column.length; row++) {
    const value = column[row]!;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= edges[middle]!) high = middle;
      else low = middle + 1;
    }
    codes[row] = low;
  }
}
