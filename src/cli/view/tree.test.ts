import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { TreeNode } from "../../deploy/cluster/tree.ts";
import { openTreeView, renderTree } from "./tree.ts";

const node = (
  kind: string,
  name: string,
  state: TreeNode["state"],
  text: string,
  children: TreeNode[] = [],
): TreeNode => ({
  id: `${kind}/${name}`,
  kind,
  name,
  state,
  text,
  children,
});
const tree = (state: TreeNode["state"], text: string): TreeNode =>
  node("Deployment", "digits", "working", "0 of 1 updated", [
    node("ReplicaSet", "digits-5f6", "working", "0 of 1 ready", [
      node("Pod", "digits-5f6-x2", state, text, [node("Container", "server", state, text)]),
    ]),
  ]);
const plain = (lines: readonly string[]) => lines.map((line) => stripVTControlCharacters(line));

test("a tree shows who made whom, and what is wrong under it", () => {
  const cause = "there is no image nothing:1";
  expect(plain(renderTree(tree("failed", "ErrImagePull"), [{ cause }], 80))).toEqual([
    "  ◐ Deployment digits 0 of 1 updated",
    "    ◐ ReplicaSet digits-5f6 0 of 1 ready",
    "      ✖ Pod digits-5f6-x2 ErrImagePull",
    "        ✖ Container server ErrImagePull",
    "  ! there is no image nothing:1",
  ]);
  for (let columns = 10; columns < 60; columns++)
    for (const line of plain(renderTree(tree("failed", "ErrImagePull"), [{ cause }], columns)))
      expect(line.length).toBeLessThan(columns);
});

test("a terminal is drawn over, with nothing written while nothing changes", () => {
  const written: string[] = [];
  const view = openTreeView({ write: (text: string) => written.push(text) > 0, columns: 80, rows: 24, isTTY: true });
  view.show(tree("working", "starting"), []);
  view.show(tree("working", "starting"), []);
  view.show(tree("ready", "ready on node1"), []);
  view.clear();
  expect(written).toHaveLength(3);
  expect(written[1]?.startsWith("\u001B[3A\u001B[J")).toBe(true);
  expect(written[2]).toBe("\u001B[3A\u001B[J");
});

test("a tree that is higher than the terminal is cut", () => {
  const written: string[] = [];
  const view = openTreeView({ write: (text: string) => written.push(text) > 0, columns: 80, rows: 5, isTTY: true });
  const pods = Array.from({ length: 9 }, (_, i) => node("Pod", `p${i}`, "ready", "ready"));
  view.show(node("Deployment", "digits", "ready", "9 of 9 available", pods), []);
  expect(plain(written.join("").trimEnd().split("\n"))).toEqual([
    "  ✔ Deployment digits 9 of 9 available",
    "    ✔ Pod p0 ready",
    "  … and 8 more",
  ]);
});

test("off a terminal each change is a line, once", () => {
  const written: string[] = [];
  const view = openTreeView({ write: (text: string) => written.push(text) > 0, columns: 80, rows: 24 });
  view.show(tree("working", "starting"), []);
  view.show(tree("ready", "ready on node1"), [{ cause: "no address yet" }]);
  view.show(tree("ready", "ready on node1"), [{ cause: "no address yet" }]);
  view.clear();
  expect(written).toEqual([
    "Deployment digits: 0 of 1 updated\n",
    "ReplicaSet digits-5f6: 0 of 1 ready\n",
    "Pod digits-5f6-x2: starting\n",
    "Pod digits-5f6-x2: ready on node1\n",
    "! no address yet\n",
  ]);
});
