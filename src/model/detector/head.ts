/** @file The last layers of a detector: at each place of the feature map, where each anchor's box is and what it is. */
import { apply, type Tape } from "../../graph/autodiff.ts";
import { at, type Value } from "../../graph/build.ts";
import { conv, reshape, transpose } from "../../graph/ops/index.ts";
import { headImage } from "../errors.ts";
import type { ForwardSources } from "../forward.ts";
import type { NetworkInput, PlannedLayer } from "../network.ts";
import { type AnchorSize, layOutAnchors } from "./anchors.ts";

export interface HeadPlan {
  /** 3×3 convolutions, which keep the map's size: four numbers for each anchor, and one for each class. */
  loc: PlannedLayer;
  conf: PlannedLayer;
  /** With the background. */
  classes: number;
  /** Rows of [centre x, centre y, width, height] as shares of the image. */
  anchors: Float32Array;
}

/** `map` is what the layers before give: [channels, height, width]. Refuses what is no image. */
export function planHead(
  sizes: readonly AnchorSize[],
  { map, input, classes }: { map: readonly number[]; input: NetworkInput; classes: number },
): HeadPlan {
  const [channels = 0, height = 0, width = 0] = map;
  if (map.length !== 3) throw headImage({ seen: map });
  const plan = (name: string, numbers: number): PlannedLayer => ({
    layer: { kind: "conv", filters: sizes.length * numbers, kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
    name,
    input: map,
    output: [sizes.length * numbers, height, width],
    parameters: [
      { name: `${name}.weight`, shape: [sizes.length * numbers, channels, 3, 3] },
      { name: `${name}.bias`, shape: [sizes.length * numbers] },
    ],
    statistics: [],
  });
  const all = classes + 1;
  return {
    loc: plan("loc", 4),
    conf: plan("conf", all),
    classes: all,
    anchors: layOutAnchors(sizes, { height, width }, input),
  };
}

/** `loc` [rows, anchors, 4] and `conf` [rows, anchors, classes] from the feature map [rows, C, H, W]. */
export function addHead(
  tape: Tape,
  { loc, conf, classes, anchors }: HeadPlan,
  map: Value,
  { lookUp }: Pick<ForwardSources, "lookUp">,
): { loc: Value; conf: Value } {
  const add = ({ layer, parameters }: PlannedLayer, numbers: number): Value => {
    if (layer.kind !== "conv") return map;
    const planes = at(apply(tape, conv, [map, ...parameters.map(({ name }) => lookUp(name))], layer), 0);
    const places = at(apply(tape, transpose, [planes], { axes: [0, 2, 3, 1] }), 0);
    return at(apply(tape, reshape, [places], { shape: [at(map.shape, 0), anchors.length / 4, numbers] }), 0);
  };
  return { loc: add(loc, 4), conf: add(conf, classes) };
}
