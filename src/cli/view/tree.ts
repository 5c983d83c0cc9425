/** @file A rollout as it happens: on a terminal a tree that is drawn in place, elsewhere a line for each change. */
import { styleText } from "node:util";
import type { Finding } from "../../deploy/cluster/explain/finding.ts";
import { type TreeNode, walkTree } from "../../deploy/cluster/tree.ts";
import { cutLine } from "./format.ts";

export interface TreeView {
  show(tree: TreeNode, findings: readonly Pick<Finding, "cause">[]): void;
  /** Takes the tree away, so that other text can be printed; the next `show` draws it anew. Off a terminal nothing is taken away. */
  clear(): void;
}

type Stream = Pick<NodeJS.WriteStream, "write" | "columns" | "rows"> & { isTTY?: boolean };

type Style = Parameters<typeof styleText>[0];

const marks: Readonly<Record<TreeNode["state"], readonly [mark: string, style: Style]>> = {
  waiting: ["○", "dim"],
  working: ["◐", "cyan"],
  ready: ["✔", "green"],
  done: ["✔", "green"],
  failed: ["✖", "red"],
  leaving: ["·", "dim"],
};

export function openTreeView(stream: Stream): TreeView {
  return stream.isTTY === true ? openLive(stream) : openLines(stream);
}

/** The tree as lines, none wider than the terminal: a wrapped line could not be drawn over. */
export function renderTree(tree: TreeNode, findings: readonly Pick<Finding, "cause">[], columns: number): string[] {
  const lines = [...walkTree(tree)]
    // A pod's only container says what the pod says.
    .filter(({ node }) => node.kind !== "Container" || node.state === "failed")
    .map(({ node, depth }) => {
      const [mark, style] = marks[node.state];
      return `${"  ".repeat(depth + 1)}${paint(style, mark)} ${node.kind} ${node.name} ${paint("dim", node.text)}`;
    });
  const causes = findings.flatMap(({ cause }) => [`  ${paint("yellow", "!")} ${cause}`]);
  return [...lines, ...causes].map((line) => cutLine(line, columns - 1));
}

function openLive(stream: Stream): TreeView {
  let drawn: string[] = [];
  const erase = (): string => (drawn.length === 0 ? "" : `\u001B[${drawn.length}A\u001B[J`);
  return {
    show(tree, findings) {
      const all = renderTree(tree, findings, stream.columns || 80);
      // What has scrolled away cannot be drawn over: the end of a long tree makes room.
      const most = Math.max(3, (stream.rows || 24) - 2);
      const lines = all.length > most ? [...all.slice(0, most - 1), `  … and ${all.length - most + 1} more`] : all;
      if (lines.join("\n") === drawn.join("\n")) return;
      stream.write(`${erase()}${lines.join("\n")}\n`);
      drawn = lines;
    },
    clear() {
      if (drawn.length > 0) stream.write(erase());
      drawn = [];
    },
  };
}

function openLines(stream: Stream): TreeView {
  const told = new Map<string, string>();
  const tell = (id: string, text: string): void => {
    if (told.get(id) === text) return;
    told.set(id, text);
    stream.write(`${text}\n`);
  };
  return {
    show(tree, findings) {
      for (const { node } of walkTree(tree))
        if (node.kind !== "Container") tell(node.id, `${node.kind} ${node.name}: ${node.text}`);
      for (const { cause } of findings) tell(`! ${cause}`, `! ${cause}`);
    },
    clear() {},
  };
}

function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr });
}
