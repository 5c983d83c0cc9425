/** @file Names of the classes. Class 0 is the background everywhere: it is in the list, and no box is ever of it. */

import { ssdLabelLine, ssdLabels } from "./errors.ts";

export const background = "background";

/** Pascal VOC's twenty, in the order that weights of 21 classes have them. */
const voc =
  "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep sofa train tvmonitor".split(
    " ",
  );

/** COCO's eighty, in the order that weights of 201 classes have them; these weights never tell the classes above. */
const coco =
  "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush".split(
    ",",
  );

/**
 * One name for each class, the background first. `given` may leave the background out, and may be shorter than the classes: those
 * that are left over are named by their numbers. Without it: VOC's names for 21 classes, COCO's for 81 and 201, numbers for others.
 */
export function nameClasses(classes: number, given?: readonly string[]): string[] {
  const names = given ?? (classes === 21 ? voc : classes === 81 || classes === 201 ? coco : []);
  const all = names[0] === background ? [...names] : [background, ...names];
  if (all.length > classes) throw ssdLabels({ classes, labels: all.length });
  return [...all, ...Array.from({ length: classes - all.length }, (_, i) => `class ${all.length + i}`)];
}

/**
 * Reads a file of labels with a line `1,1,person` for each: COCO's number of the category (which has gaps), the model's class, the name.
 * Gives the names in the order of the classes, the background first. Empty lines are passed over.
 */
export function parseLabels(text: string): string[] {
  const names = [background];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [, place = "", name = ""] = /^\s*\d+\s*,\s*(\d+)\s*,\s*(.*\S)\s*$/.exec(line) ?? [];
    const number = Number(place);
    // Weights have a few hundred classes; a number beyond that is a typing error and must not become an array's length.
    if (name === "" || number < 1 || number > 10_000 || names[number] !== undefined)
      throw ssdLabelLine({ line: index + 1, seen: line.slice(0, 80) });
    names[number] = name;
  }
  return Array.from(names, (name, index) => name ?? `class ${index}`);
}
