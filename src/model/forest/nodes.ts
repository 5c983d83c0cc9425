import type { Tree } from "./tree.ts";

/** A tree that still grows. */
export interface Nodes extends Tree {
  count: number;
  classes: number;
}

export function openNodes(classes: number, room = 64): Nodes {
  return {
    count: 0,
    classes,
    column: new Int32Array(room),
    threshold: new Float32Array(room),
    left: new Int32Array(room),
    right: new Int32Array(room),
    shares: new Float64Array(room * classes),
  };
}

/** A leaf until it is told otherwise; gives its number. */
export function addNode(nodes: Nodes): number {
  const room = nodes.column.length;
  if (nodes.count === room) {
    const more = openNodes(nodes.classes, 2 * room);
    for (const key of ["column", "threshold", "left", "right", "shares"] as const) {
      more[key].set(nodes[key]);
      Object.assign(nodes, { [key]: more[key] });
    }
  }
  nodes.column[nodes.count] = -1;
  return nodes.count++;
}

/** Without the room that was not needed. */
export function closeNodes({ count, classes, column, threshold, left, right, shares }: Nodes): Tree {
  return {
    column: column.slice(0, count),
    threshold: threshold.slice(0, count),
    left: left.slice(0, count),
    right: right.slice(0, count),
    shares: shares.slice(0, count * classes),
  };
}
