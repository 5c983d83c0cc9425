import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCoco } from "./parse.ts";

const file = "a.json";
const good = {
  info: { year: 2026 },
  licenses: [],
  images: [
    { id: 7, file_name: "./one.png", width: 40, height: 30 },
    { id: 9, file_name: "more//two.png", width: 40, height: 30 },
  ],
  categories: [
    { id: 1, name: "cat", supercategory: "animal" },
    { id: 3, name: "dog" },
  ],
  annotations: [
    { id: 1, image_id: 7, category_id: 3, bbox: [1, 2, 10.5, 4], area: 42, iscrowd: 0, segmentation: [] },
    { id: 2, image_id: 7, category_id: 3, bbox: [0, 0, 40, 30], iscrowd: 1 },
  ],
};

const parse = (value: unknown) => parseCoco(JSON.stringify(value), file);
const faultsOf = (changes: object): string[] =>
  parse({ ...good, ...changes }).faults.map(({ kind, path, message }) => `${kind} ${path} ${message}`);

test("images have their boxes, by name; what is left out is told", () => {
  expect(parse(good)).toEqual({
    images: [
      {
        name: "one.png",
        size: { width: 40, height: 30 },
        at: "a.json:images[0]",
        objects: [{ label: "dog", box: [1, 2, 10.5, 4], at: "a.json:annotations[0]" }],
      },
      { name: "more/two.png", size: { width: 40, height: 30 }, at: "a.json:images[1]", objects: [] },
    ],
    unused: ["cat"],
    crowds: 1,
    faults: [],
  });
  expect(parseCoco(`\uFEFF${JSON.stringify(good)}`, file).faults).toEqual([]);
});

const [first] = good.annotations;
const [one, two] = good.images;

describe("what is wrong is told by its place", () => {
  test.each<[string, object, string[]]>([
    [
      "no list of images",
      { images: undefined, annotations: [] },
      ["format a.json has no `images`, wanted a list as COCO's format has it"],
    ],
    [
      "annotations of another kind",
      { annotations: {} },
      ["format a.json has another kind of `annotations`, wanted a list as COCO's format has it"],
    ],
    [
      "an unknown category",
      { annotations: [{ ...first, category_id: 2 }] },
      ["format a.json:annotations[0] is of category_id 2, which no category has"],
    ],
    [
      "an unknown image",
      { annotations: [{ ...first, image_id: "x" }] },
      ['format a.json:annotations[0] is of image_id "x", which no image has'],
    ],
    [
      "no box",
      { annotations: [{ ...first, bbox: undefined }] },
      ["box a.json:annotations[0] has the bbox undefined, wanted [x, y, width, height] in pixels"],
    ],
    [
      "three numbers",
      { annotations: [{ ...first, bbox: [1, 2, 3] }] },
      ["box a.json:annotations[0] has the bbox [1,2,3], wanted [x, y, width, height] in pixels"],
    ],
    [
      "an empty box",
      { annotations: [{ ...first, bbox: [1, 2, 0, 4] }] },
      ["box a.json:annotations[0] has an empty bbox [1,2,0,4]: its width and height must be over 0"],
    ],
    [
      "two annotations of one id",
      { annotations: [first, first] },
      ["duplicate a.json:annotations[1] has the id 1, as an annotation before it"],
    ],
    [
      "two images of one id",
      { images: [one, { ...two, id: 7 }] },
      ["duplicate a.json:images[1] has the id 7, as an image before it"],
    ],
    [
      "two images of one file",
      { images: [one, { ...two, file_name: "one.png" }] },
      ['duplicate a.json:images[1] has the file_name "one.png", as an image before it'],
    ],
    [
      "two categories of one id",
      { categories: [good.categories[1], { id: 3, name: "cow" }] },
      ["duplicate a.json:categories[1] has the id 3, as a category before it"],
    ],
    [
      "a category without a name",
      { categories: [good.categories[1], { id: 4, name: " " }] },
      ['format a.json:categories[1] has the name " ", wanted a text'],
    ],
    [
      "a path that leads out",
      { images: [one, { ...two, file_name: "../../etc/two.png" }] },
      ['outside a.json:images[1] has the file_name "../../etc/two.png", which leads out of the folder of the images'],
    ],
    [
      "an absolute path",
      { images: [one, { ...two, file_name: "C:\\two.png" }] },
      ['outside a.json:images[1] has the file_name "C:\\\\two.png", which leads out of the folder of the images'],
    ],
    [
      "a size that is none",
      { images: [one, { ...two, width: 0 }] },
      ["format a.json:images[1] is 0 × 30 pixels, wanted whole numbers over 0"],
    ],
    ["an annotation that is none", { annotations: [null] }, ["format a.json:annotations[0] is null, wanted an object"]],
  ])("%s", (_what, changes, faults) => {
    expect(faultsOf(changes)).toEqual(faults);
  });

  test("no JSON, and no object", () => {
    expect(parseCoco("{", file).faults).toEqual([
      { kind: "format", path: file, message: expect.stringMatching(/^is no JSON: /) },
    ]);
    expect(parseCoco("[1]", file).faults[0]?.message).toBe(
      "is [1], wanted an object with images, annotations and categories",
    );
  });
});

describe("any input", () => {
  const json = fc.oneof(
    fc.json().map((text) => JSON.parse(text) as unknown),
    fc.constantFrom<unknown>(0, -1, 1e308, "", "a.png", null, [], [0, 0, 1, 1], {}),
  );

  test("is read or refused, and never thrown at", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { faults, images } = parseCoco(text, file);
        expect(faults.length > 0 || images.length >= 0).toBe(true);
        for (const { message } of faults) expect(message.length).toBeLessThan(400);
      }),
    );
  });

  test("with one value of a good file replaced, gives boxes that are whole, or faults", () => {
    const places = [
      ...["images", "annotations", "categories"].map((list) => [list]),
      ...["id", "file_name", "width", "height"].map((key) => ["images", 1, key]),
      ...["id", "image_id", "category_id", "bbox", "iscrowd"].map((key) => ["annotations", 0, key]),
      ...["id", "name"].map((key) => ["categories", 1, key]),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), json, (place, value) => {
        const copy = structuredClone(good) as unknown as Record<string | number, never>;
        const last = place.at(-1)!;
        const holder = place.slice(0, -1).reduce<Record<string | number, unknown>>((at, key) => at[key] as never, copy);
        holder[last] = value;
        const { images, faults } = parse(copy);
        for (const { name, objects } of images) {
          expect(name).not.toMatch(/^\/|(?:^|\/)\.\.(?:\/|$)/);
          for (const { label, box } of objects) {
            expect(label.trim()).not.toBe("");
            expect(box.every(Number.isFinite) && box[2] > 0 && box[3] > 0).toBe(true);
          }
        }
        for (const { path } of faults) expect(path).toMatch(/^a\.json(?::(?:images|annotations|categories)\[\d+\])?$/);
      }),
    );
  });
});
